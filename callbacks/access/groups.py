"""The roles' groups in the database: created automatically, and kept as people change them."""

from typing import Any

from django.apps import apps as all_apps
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db.models import Q, QuerySet

from callbacks.access import permission_names
from callbacks.access.roles import DEAR, DEFINITIONS, ONLY_OWN_TEAMS, Role
from callbacks.models.roles import RoleGroup

# The permissions before a migration: if a group lacks one of these, somebody removed it.
_known: set[int] = set()


def ensure_roles() -> set[Role]:
    """Creates the missing groups with their rights; returns the roles of the groups created.

    Leaves existing groups alone, because somebody may have changed their rights. The group "Sales
    managers" of an older release becomes the managers' group. Any other group with the name of a
    role's group stays what it is.
    """
    there = set(RoleGroup.objects.values_list("role", flat=True))
    made = set()
    for role in Role:
        if role in there:
            continue
        group = Group.objects.filter(name=DEFINITIONS[role].group).first()
        if group is None or role is not Role.MANAGER:
            group = Group.objects.create(name=_free_name(DEFINITIONS[role].group))
            group.permissions.set(rights_of(role))
            made.add(role)
        RoleGroup.objects.create(role=role, group=group)
    return made


def before_migrations(*, apps: Any = all_apps, **_kwargs: Any) -> None:
    """Notes which permissions exist. A receiver of pre_migrate."""
    _known.clear()
    if _has_groups(apps):
        _known.update(Permission.objects.values_list("pk", flat=True))


def after_migrations(*, apps: Any = all_apps, **_kwargs: Any) -> None:
    """Creates the groups, gives existing ones the new rights that are not in DEAR, and updates the
    names of rights.

    A receiver of post_migrate, which `flush` sends too. No migration could do this, because
    permissions do not exist yet while migrations run.
    """
    if not _has_groups(apps):
        return
    permission_names.update()
    made = ensure_roles()
    if not _known:
        return
    for it in RoleGroup.objects.select_related("group"):
        role = Role(it.role)
        if role in made:
            continue
        new = rights_of(role).exclude(pk__in=_known)
        if role is not Role.OWNER:
            new = new.exclude(_named(DEAR))
        it.group.permissions.add(*new)


def rights_of(role: Role) -> QuerySet[Permission]:
    """The rights that the role's group is created with."""
    every = Permission.objects.all()
    if DEFINITIONS[role].all_rights:
        return every.exclude(_named([ONLY_OWN_TEAMS]))
    return every.filter(_named(DEFINITIONS[role].rights))


def role_of(user: User) -> Role | None:
    """The user's role; if they have several, the one with the most rights. One query."""
    held = set(user.groups.values_list("role_group__role", flat=True))
    return next((role for role in Role if role in held), None)


def members(role: Role) -> QuerySet[User]:
    """The users with the role."""
    return User.objects.filter(groups__role_group__role=role)


def owners() -> QuerySet[User]:
    """Users who may do everything and can log in, including superusers."""
    can_log_in = User.objects.filter(is_active=True)
    return can_log_in.filter(
        Q(is_superuser=True) | Q(pk__in=members(Role.OWNER).values("pk"))
    ).distinct()


def hold_owners() -> None:
    """Locks the owners: nobody else removes one until this transaction ends."""
    list(RoleGroup.objects.select_for_update().filter(role=Role.OWNER))


def give(user: User, role: Role | None) -> None:
    """Makes this the user's only role, and lets them into the admin if the role uses it."""
    user.groups.remove(*Group.objects.filter(role_group__isnull=False))
    if role is not None:
        user.groups.add(Group.objects.get(role_group__role=role))
        user.is_staff = user.is_superuser or DEFINITIONS[role].uses_admin
        user.save(update_fields=["is_staff"])


def missing_rights(user: User) -> QuerySet[Permission]:
    """The rights that the user lacks, without ONLY_OWN_TEAMS, which takes rights away."""
    own = Q(user=user) | Q(group__in=user.groups.all())
    return Permission.objects.exclude(own).exclude(_named([ONLY_OWN_TEAMS]))


def may_give(user: User | AnonymousUser) -> list[Role]:
    """The roles that the user may give: those of their own role's `gives` that include no right
    they lack.
    """
    if user.is_superuser:
        return list(Role)
    own = role_of(user) if isinstance(user, User) else None
    if not isinstance(user, User) or own is None or not user.has_perm("auth.change_user"):
        return []
    stronger = set(
        RoleGroup.objects.filter(group__permissions__in=missing_rights(user)).values_list(
            "role", flat=True
        )
    )
    return [it for it in DEFINITIONS[own].gives if it not in stronger]


def _named(rights: Any) -> Q:
    found = Q(pk__in=[])
    for right in rights:
        app, codename = right.split(".")
        found |= Q(content_type__app_label=app, codename=codename)
    return found


def _free_name(name: str) -> str:
    """`name`, or a numbered form of it if another group has that name."""
    taken = set(Group.objects.filter(name__startswith=name).values_list("name", flat=True))
    return next(
        it for it in (name, *(f"{name} ({number})" for number in range(2, 1000))) if it not in taken
    )


def _has_groups(apps: Any) -> bool:
    """Whether the tables exist: somebody may migrate a single application, or migrate back."""
    try:
        apps.get_model("auth", "Group")
        apps.get_model("callbacks", "RoleGroup")
    except LookupError:
        return False
    return True
