"""The tables of settings and staff, as rows of the table of personal data."""

from django.utils.translation import gettext_lazy as _

from callbacks.common.translation import Text
from callbacks.privacy.place import MANAGERS, UNTIL_DELETED, Fate, Found, Place

_SETTINGS = _("settings, which name nobody who asks to be called")


def _set_up(model: str, what: Text, fields: str = "", *, texts: tuple[str, ...] = ()) -> Place:
    return Place(
        model,
        what,
        found=Found.BY_TEXT if texts else Found.NOBODY,
        fate=Fate.TAKEN_OUT if texts else Fate.KEPT,
        texts=texts,
        kept={fields: _SETTINGS} if fields else {},
        until=UNTIL_DELETED,
        seen_by=MANAGERS,
    )


SET_UP = (
    _set_up(
        "callbacks.Extension",
        _("Salespeople's phones"),
        "kind number name languages paused_as provider_busy_as",
        texts=("pause_reason", "earlier_pause_reason", "unavailable_reason"),
    ),
    _set_up("callbacks.ScheduleException", _("Holidays and other days"), texts=("note",)),
    _set_up("auth.User", _("Logins of staff"), "password username first_name last_name email"),
    _set_up("auth.Group", _("Rights"), "name"),
    _set_up("callbacks.RoleGroup", _("Which group has which role"), "role"),
    _set_up("auth.Permission", _("Rights"), "name codename"),
    _set_up("contenttypes.ContentType", _("Names of tables"), "app_label model"),
    _set_up("callbacks.Authenticator", _("Second factors of staff"), "sealed_key"),
    _set_up("callbacks.RecoveryCode", _("Recovery codes of staff"), "digest"),
    _set_up("callbacks.SignIn", _("Where staff are signed in"), "address browser auth_hash"),
    _set_up("callbacks.NameTries", _("How often a password was tried for a name"), "name"),
    _set_up("axes.AccessAttemptExpiration", _("Times of failed sign-ins")),
    _set_up("leads.Disposition", _("What can come of a talk"), "name effect"),
    _set_up(
        "leads.LeadSource",
        _("Forms and API clients"),
        "slug name default_country allowed_countries language sla_clock allowed_origins after_that "
        "without_key privacy_url languages_offered",
    ),
    _set_up("leads.ApiClient", _("Programs that use the API"), "name scopes rate"),
    _set_up("leads.ApiKey", _("Keys of the API, as hashes"), "prefix digest"),
    _set_up("leads.ConsentText", _("What visitors are asked to agree to"), "language text"),
    _set_up("leads.SourceText", _("What forms say"), "language title intro thanks privacy_url"),
    _set_up("leads.Logo", _("Logos above forms"), "name image kind plate digest"),
    _set_up("leads.Widget", _("How websites' buttons look"), "colour side appears"),
    _set_up("leads.WidgetText", _("What websites' buttons say"), "language button title"),
    _set_up("leads.FormField", _("Which fields forms have"), "kind need label choices key"),
    _set_up("leads.FormFieldText", _("Their words in other languages"), "language label choices"),
    _set_up("leads.SetupVersion", _("Version of the settings"), "version followed"),
    _set_up("callbacks.Schedule", _("Opening hours"), "name time_zone holidays_of"),
    _set_up("callbacks.OpeningHours", _("Opening hours")),
    _set_up("callbacks.Team", _("Teams"), "name strategy"),
    _set_up("callbacks.TeamSource", _("Which team answers which source")),
    _set_up("callbacks.Presence", _("When the provider was last asked who is on a call")),
    _set_up(
        "callbacks.AlertReceiver",
        _("Staff, or their programs, who are told of alerts"),
        "name channel address url thresholds timing hours time_zone secret_id stopped_because",
    ),
    _set_up("callbacks.AlertTelling", _("Who was told of which alert")),
    Place(
        "callbacks.AuditEntry",
        _("Who did what to which setting, right or lead"),
        kept={
            "username way act kind thing_id thing_name before after address": _(
                "who did it, and settings; what those who ask to be called have typed is never "
                "copied there"
            )
        },
        until=_("three years (AUDIT_KEPT_DAYS)"),
        seen_by=_("who may see the audit"),
    ),
    _set_up(
        "callbacks.AccountRefusal", _("That the provider refuses the account"), "refused_for marks"
    ),
    _set_up("callbacks.SeenCountry", _("To which countries calls were asked for"), "country"),
    _set_up("callbacks.StoreHeartbeat", _("When it was last tried whether anything can be stored")),
    _set_up("callbacks.AlertWatch", _("When alerts were last looked for")),
    _set_up(
        "callbacks.CallParameters",
        _("What a call is asked with"),
        "phone_caller_id phone_caller_name target_caller_id target_caller_name language vm_id "
        "variables",
    ),
    _set_up("callbacks.SourceMessages", _("Recorded messages"), "when_closed when_given_up"),
    _set_up("callbacks.HistoryStart", _("Since when pauses are kept"), "what"),
    _set_up("callbacks.CallPrice", _("What calls cost"), "prefix country"),
    _set_up("callbacks.SpendLimit", _("What may be spent"), "scope country time_zone"),
    _set_up("callbacks.SpendCount", _("What was spent"), "span"),
    _set_up("callbacks.ReportSubscription", _("Reports by mail"), "rhythm zone link_id not_sent"),
    _set_up("callbacks.Wallboard", _("Links to the wallboard"), "name link_id language"),
    _set_up("callbacks.ChosenLanguage", _("In which language staff have the desk"), "language"),
)
