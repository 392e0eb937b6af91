"""Who may use the admin: users and their roles, groups, and refused logins."""

# ruff: noqa: ARG002  # the methods' parameters are Django's
from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
)

from callbacks.access import groups
from callbacks.access.roles import DEFINITIONS, Role
from callbacks.admin import own_email
from callbacks.models import Team
from leads.admin import Admin

SALES_MANAGERS = DEFINITIONS[Role.MANAGER].group
_NO_ROLE = "none"

for _model in (User, Group, AccessAttempt, AccessLog, AccessFailureLog):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


def _described(role: Role) -> SafeString:
    it = DEFINITIONS[role]
    return format_html("<b>{}</b> <span>{}</span>", it.name, it.says)


class UserForm(UserChangeForm):  # type: ignore[misc]  # unfold has no types
    """A login with its role. Offers only the roles that the person editing may give.

    `giving`: those roles.
    """

    giving: tuple[Role, ...] = ()

    current_password = own_email.password_field()  # for one's own login
    role = forms.ChoiceField(label=_("Role"), required=False, widget=UnfoldAdminRadioSelectWidget)
    led_teams = forms.ModelMultipleChoiceField(
        label=_("Leader of these teams"),
        queryset=Team.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("For team leaders: they see these teams only."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            others = Group.objects.filter(role_group__isnull=True)
            self.fields["groups"].queryset = others
        if role := self.fields.get("role"):
            role.choices = [
                *((it.value, _described(it)) for it in self.giving),
                (_NO_ROLE, gettext("No role: they have only the permissions given below, if any.")),
            ]
            self.initial["role"] = self.had or _NO_ROLE
        if teams := self.fields.get("led_teams"):
            teams.queryset = Team.objects.order_by("name")
            self.initial["led_teams"] = list(self.instance.led_teams.values_list("pk", flat=True))

    @cached_property
    def had(self) -> Role | None:
        """The role before this form is saved."""
        return groups.role_of(self.instance)

    @property
    def new_role(self) -> Role | None:
        """The role after this form is saved; unchanged if none was posted."""
        chosen = self.cleaned_data.get("role")
        if not chosen:
            return self.had
        return None if chosen == _NO_ROLE else Role(chosen)

    def clean_current_password(self) -> str:
        """Required to change one's own e-mail address."""
        typed: str = self.cleaned_data["current_password"]
        if "email" in self.changed_data:
            own_email.check(self.instance, typed)
        return typed

    def clean(self) -> dict[str, Any]:
        """Refuses to remove the last owner. Checked in the transaction that saves."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        groups.hold_owners()
        others = groups.owners().exclude(pk=self.instance.pk)
        was = groups.owners().filter(pk=self.instance.pk).exists()
        stays = cleaned.get("is_active", self.instance.is_active) and (
            cleaned.get("is_superuser", self.instance.is_superuser) or self.new_role is Role.OWNER
        )
        if was and not stays and not others.exists():
            raise forms.ValidationError(
                gettext("This is the last owner. Make somebody else an owner first.")
            )
        return cleaned

    def give(self) -> None:
        """Applies the role and the teams, once the rest is saved."""
        if "groups" in self.cleaned_data and self.had:  # the groups field leaves out role groups
            self.instance.groups.add(Group.objects.get(role_group__role=self.had))
        if self.new_role != self.had:
            groups.give(self.instance, self.new_role)
        if "led_teams" in self.cleaned_data:
            self.instance.led_teams.set(self.cleaned_data["led_teams"])


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Admin):  # type: ignore[misc, type-arg]  # unfold: untyped
    """Django's UserAdmin in the theme's style, with the role. Only superusers give single rights.
    Nobody can edit a user who has more rights than they have, or give a role that has more.
    """

    form = UserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "role_shown", "is_active"]
    readonly_fields = ["role_shown", "own_role"]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Adds the roles on offer, and says what happens to the phones of a disabled login."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if field := form.base_fields.get("is_active"):
            field.help_text = gettext(
                "When off, they cannot log in and their extensions are paused until this is on "
                "again. A call in progress continues. Switch a login off instead of deleting it."
            )
        if issubclass(form, UserForm):
            form.giving = tuple(groups.may_give(request.user))
            # A form keeps the fields it declares, whatever the page shows.
            shown = [*self._role_fields(request, obj), *_password_fields(request, obj)]
            for name in {"role", "led_teams", "current_password"}.difference(shown):
                form.base_fields.pop(name, None)
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Adds one's own e-mail address where only others may change it."""
        fields = super().get_readonly_fields(request, obj)
        if obj is not None and obj.pk == request.user.pk and own_email.is_others_to_change(obj):
            return [*fields, "email"]
        return fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without users who have a right that the person asking lacks."""
        users: QuerySet[User] = super().get_queryset(request)
        users = users.prefetch_related("groups__role_group")
        asking = request.user
        if not isinstance(asking, User) or asking.is_superuser:
            return users
        more = groups.missing_rights(asking).values("pk")
        stronger = User.objects.filter(
            Q(is_superuser=True) | Q(user_permissions__in=more) | Q(groups__permissions__in=more)
        )
        return users.exclude(pk__in=stronger.values("pk"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Without rights, for those who may not give them. A hidden field cannot be posted."""
        if obj is None:
            return super().get_fieldsets(request, obj)
        role = (_("Role"), {"fields": self._role_fields(request, obj), "classes": ["roles"]})
        password = _password_fields(request, obj)
        if request.user.is_superuser:
            first, person, *others = super().get_fieldsets(request, obj)
            name, options = person
            fields = [*options["fields"], *password]
            return [first, role, (name, options | {"fields": fields}), *others]
        fields = [("first_name", "last_name"), "email", *password, "is_active"]
        return [
            (None, {"fields": ["username", "password"]}),
            (_("Person"), {"fields": fields}),
            role,
        ]

    def _role_fields(self, request: HttpRequest, obj: User | None) -> list[str]:
        """The role to choose, if the person asking may give it. Nobody changes their own role."""
        if obj is None:
            return []
        giving = groups.may_give(request.user)
        had = groups.role_of(obj)
        if obj.pk == request.user.pk or not giving or (had and had not in giving):
            return ["own_role"]
        return ["role", "led_teams"]

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  # as Django calls it
        form_url: str = "",
    ) -> HttpResponse:
        """Changes another user's password. One's own is changed on the page that asks for the old
        one, so that somebody at an unattended browser cannot take over the login.
        """
        if self.get_object(request, unquote(id)) == request.user:
            return HttpResponseRedirect(reverse("admin:password_change"))
        with transaction.atomic():  # with the mail about it (callbacks.signin.login_mail)
            return super().user_change_password(request, id, form_url)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Only superusers see superusers, so only they may filter by it."""
        return super().get_list_filter(request) if request.user.is_superuser else ["is_active"]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Saves the role too."""
        super().save_related(request, form, formsets, change)
        if isinstance(form, UserForm):
            form.give()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Refuses to delete the last owner."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        groups.hold_owners()
        going = [it.pk for it in objs]
        owners = groups.owners()
        if owners.filter(pk__in=going).exists() and not owners.exclude(pk__in=going).exists():
            protected = [
                *protected,
                gettext("This is the last owner. Make somebody else an owner first."),
            ]
        return deleted, counts, needed, protected

    @display(description=_("role"))  # type: ignore[untyped-decorator]
    def role_shown(self, obj: User) -> str:
        """For the list: one query for all users."""
        if obj.is_superuser:
            return gettext("Owner, set on the command line")
        held = {it.role_group.role for it in obj.groups.all() if hasattr(it, "role_group")}
        return ", ".join(str(DEFINITIONS[it].name) for it in Role if it in held)

    @display(description=_("Role"))  # type: ignore[untyped-decorator]
    def own_role(self, obj: User) -> SafeString | str:
        """The role in plain words, where the person asking cannot change it."""
        if obj.is_superuser:
            return _described(Role.OWNER)
        held = {it.role_group.role for it in obj.groups.all() if hasattr(it, "role_group")}
        words = [(_described(it),) for it in Role if it in held]
        return format_html_join(SafeString("<br>"), "{}", words) or gettext("None.")


def _password_fields(request: HttpRequest, obj: User | None) -> list[str]:
    """For one's own login, if it has a password."""
    is_own = obj is not None and obj.pk == request.user.pk and obj.has_usable_password()
    return ["current_password"] if is_own else []


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Admin):  # type: ignore[misc]  # unfold has no types
    """Django's GroupAdmin in the theme's style. Nobody gives or takes away a right that they lack.
    A role's group keeps its name, and the owners' group its rights.
    """

    list_display = ["name", "role_shown"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Without groups that have a right the person asking lacks."""
        found: QuerySet[Group] = super().get_queryset(request).select_related("role_group")
        if request.user.is_superuser:
            return found
        more = groups.missing_rights(request.user).values("pk")  # type: ignore[arg-type]
        return found.exclude(pk__in=Group.objects.filter(permissions__in=more).values("pk"))

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        """Offers only rights that the person asking has."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        own = getattr(field, "queryset", None)
        if own is not None and db_field.name == "permissions" and not request.user.is_superuser:
            more = groups.missing_rights(request.user)
            field.queryset = own.exclude(pk__in=more.values("pk"))  # type: ignore[union-attr]
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        """The fields that define a role's group."""
        role = getattr(obj, "role_group", None)
        if role is None:
            return []
        return ["name", "permissions"] if role.role == Role.OWNER else ["name"]

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Not for a role's group: the next upgrade would bring it back without its members."""
        if obj is not None and hasattr(obj, "role_group"):
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The same when several are deleted at once."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        roles = [it.name for it in objs if hasattr(it, "role_group")]
        return deleted, counts, needed, [*protected, *roles]

    @display(description=_("role"))  # type: ignore[untyped-decorator]
    def role_shown(self, obj: Group) -> str:
        """The role that the group is for."""
        role = getattr(obj, "role_group", None)
        return str(DEFINITIONS[Role(role.role)].name) if role else ""


@admin.register(AccessAttempt)
class RefusedLoginAdmin(Admin):
    """Recent failed logins. Deleting one lets that person try again at once."""

    list_display = ["attempt_time", "username", "ip_address", "failures_since_start"]
    search_fields = ["username", "ip_address"]
    fields = ["attempt_time", "username", "ip_address", "failures_since_start", "user_agent"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AccessAttempt | None = None) -> bool:
        """Never."""
        return False
