"""In which language a request is answered, and how the answer names it.

The default is the language in the URL, otherwise the browser's preferred language
(leads.language_choice), or on the desk and the sign-in pages the language that a signed-in person
chose. Views that know the source or the wallboard choose again. The admin, which is not translated,
and answers to machines are in English.
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
        """Passes the request on; then restores the thread's language."""
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
        """Uses the language that a signed-in person chose, on the desk and the sign-in pages."""
        here = request.resolver_match
        if here and here.namespace in _THEIR_OWN and request.user.is_authenticated:
            chosen = chosen_by(request.user.pk)
            accepted = request.headers.get("Accept-Language", "")
            translation.activate(language_choice.choose((), chosen, accepted).language)
