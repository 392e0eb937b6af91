"""The addresses below /sign-in/."""

from django.urls import path

from callbacks.signin import forgotten, single, views

app_name = "sign-in"
urlpatterns = [
    path("code/", views.code, name="code"),
    path("set-up/", views.set_up, name="set-up"),
    path("", views.mine, name="mine"),
    path("recovery-codes/", views.new_codes, name="new-codes"),
    path("end/", views.end, name="end"),
    path("forgotten/", forgotten.forgotten, name="forgotten"),
    path("forgotten/sent/", forgotten.sent, name="sent"),
    path("new-password/<uidb64>/<token>/", forgotten.new_password, name="new-password"),
    path("single/", single.begin, name="single"),
    path("single/back/", single.callback, name="oidc-callback"),
    path("leave/", views.leave, name="leave"),
]
