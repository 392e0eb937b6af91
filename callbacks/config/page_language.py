"""In which language a request is answered, and what the answer says of it.

Here is what holds before anybody knows more: what the address names, else what the browser prefers
(leads.language_choice), and what somebody who is signed in has chosen for their own pages. Views
that know the source or the wallboard choose anew.
The admin, which is not translated, is in English, and so is what machines are told.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

from callbacks.models.chosen_languages import chosen_by
from leads import language_choice

_IN_ENGLISH = ("/admin/", "/webhooks/", "/healthz", "/readyz", "/metrics")
_THEIR_OWN = ("desk", "sign-in")
_SENTENCES = ("text/html", "application/json")


class PageLanguageMiddleware:
    """Activates the language of each request, and names it in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on; afterwards the thread speaks as before."""
        if request.path_info.startswith(_IN_ENGLISH):
            with translation.override(settings.LANGUAGE_CODE):
                return self._get_response(request)
        with translation.override(language_choice.of_request(request).language):
            response = self._get_response(request)
            language = translation.get_language()
        if language and response.get("Content-Type", "").startswith(_SENTENCES):
            response.setdefault("Content-Language", language)
            patch_vary_headers(response, ["Accept-Language"])
        return response

    def process_view(
        self, request: HttpRequest, _view: object, _args: object, _kwargs: object
    ) -> None:
        """Who has chosen a language has it on their own pages, whatever their addresses name."""
        here = request.resolver_match
        if here and here.namespace in _THEIR_OWN and request.user.is_authenticated:
            chosen = chosen_by(request.user.pk)
            accepted = request.headers.get("Accept-Language", "")
            translation.activate(language_choice.choose((), chosen, accepted).language)
