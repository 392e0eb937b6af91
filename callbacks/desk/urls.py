"""The addresses below /desk/."""

from django.contrib.auth.decorators import login_required
from django.urls import path

from callbacks.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.home, name="home"),
    path("now/", views.now, name="now"),
    path("figures/", views.figures, name="figures"),
    path("language/", views.language, name="language"),
    path("login/", views.log_in, name="login"),
    path(
        "password/", login_required(views.change_password, login_url="desk:login"), name="password"
    ),
    path("logout/", views.log_out, name="logout"),
    path("<int:pk>/pause/", views.pause, name="pause"),
    path("calls/<int:pk>/", views.after_talk, name="after_talk"),
    path("calls/<int:pk>/no-call/", views.no_call_came, name="no_call_came"),
    path("<int:pk>/available/", views.available, name="available"),
]
