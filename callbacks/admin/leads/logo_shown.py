"""A source's logo on the source's page."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget

from callbacks.admin.leads.widget_shown import OfItsSource
from leads.branding import logo
from leads.models import Logo


class LogoForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A picture, which is decoded and encoded again, and its text."""

    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_(
            "A PNG, JPEG or WebP file of at most 1 MB. It is shown at up to "
            "240 by 64 pixels; 720 by 192 pixels look sharp on every screen."
        ),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )

    class Meta:
        model = Logo
        fields = ["name"]
        widgets = {"name": UnfoldAdminTextInputWidget(attrs={"dir": "auto"})}

    def clean_picture(self) -> None:
        """Puts the picture, as it is stored, into the row. Raises ValidationError."""
        uploaded = self.cleaned_data["picture"]
        if uploaded is None:
            if not self.instance.digest:
                raise forms.ValidationError(gettext("Choose a picture."), code="required")
            return
        try:
            self.instance.take(logo.read(uploaded.read(logo.MOST_BYTES + 1)))
        except logo.NotALogo as refused:
            raise forms.ValidationError(str(refused), code="picture") from None


class LogoInline(OfItsSource, StackedInline):  # type: ignore[misc]  # unfold has no types
    """One logo or none."""

    model = Logo
    form = LogoForm
    verbose_name = _("logo")
    verbose_name_plural = _("Logo above the form")
    extra = 1
    max_num = 1
    hide_title = True
    fields = ["shown", "picture", "name"]
    readonly_fields = ["shown"]

    def get_queryset(self, request: Any) -> Any:
        """Leaves out the images, which browsers fetch by their address."""
        return super().get_queryset(request).defer("image")

    @display(description=_("Now"))  # type: ignore[untyped-decorator]  # unfold has no types
    def shown(self, obj: Logo) -> SafeString | str:
        """The stored logo on a light and on a dark page."""
        if not obj.digest:
            return gettext("None.")
        address = reverse("leads:logo", args=[obj.digest])
        picture = format_html(
            '<img src="{}" alt="{}" width="{}" height="{}">',
            address,
            obj.name,
            obj.width,
            obj.height,
        )
        plate = format_html(' data-plate="{}"', obj.plate) if obj.plate else ""
        return format_html(
            '<span class="logo-page logo-page-light"{0}>{1}</span> '
            '<span class="logo-page logo-page-dark"{0}>{1}</span>',
            plate,
            picture,
        )

    @property
    def media(self) -> forms.Media:
        """Adds the logo's styles."""
        media: forms.Media = super().media
        return media + forms.Media(css={"all": ["admin_extra/logo.css"]})
