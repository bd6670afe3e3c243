"""What is said in the recordings of the pictures, and written while a call goes on."""

from __future__ import annotations

from dataclasses import dataclass

from tests.web import site

Said = tuple[tuple[str, float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation: side, from, to (seconds), words."""

    language: str
    said: Said


TALKS = (
    Talk("he", site.SAID),
    Talk("ru", (
        ("agent", 0.5, 3.8, "Техническая поддержка, здравствуйте."),
        ("customer", 4.4, 10.2, "Добрый день. После грозы не включается роутер, лампочки не горят."),
        ("agent", 11.0, 16.4, "Проверьте, пожалуйста, блок питания. Горит ли на нём индикатор?"),
        ("customer", 17.2, 21.0, "Нет, не горит. Наверное, сгорел."),
        ("agent", 22.0, 28.0, "Отправлю новый блок питания, он будет у вас завтра до шести."),
    )),
    Talk("he", (
        ("agent", 0.5, 3.9, "שירות לקוחות, שלום. במה אפשר לעזור?"),
        ("customer", 4.5, 10.5, "קיבלתי חשבונית גבוהה בחודש הזה ואני לא מבינה למה."),
        ("agent", 11.2, 17.0, "אני רואה כאן חיוב כפול על הטלפון. הוא יזוכה בחשבונית הבאה."),
        ("customer", 18.0, 21.0, "תודה רבה. אפשר אישור במייל?"),
        ("agent", 22.0, 27.5, "כן, האישור נשלח עכשיו לכתובת שרשומה אצלנו."),
    )),
    Talk("en", (
        ("agent", 0.5, 3.6, "Support, hello. How can I help?"),
        ("customer", 4.2, 10.0, "Hi. We move to a new office on Sunday and need the line there."),
        ("agent", 10.8, 16.8, "I can move it. The technician comes on Sunday between nine and eleven."),
        ("customer", 17.5, 21.3, "Great. Please send the details by email."),
        ("agent", 22.0, 26.0, "They are on their way to you."),
    )),
)  # fmt: skip

NOTE = {
    "he": "הניתוקים גם בכבל וגם באלחוט, בעיקר בערב. אור אדום מהבהב בנתב. בדיקת קו מרחוק מתבצעת.",
    "en": "It drops on the cable and on Wi-Fi, mostly in the evening. The router's light blinks red. Line test is running.",
    "ru": "Обрывы и по кабелю, и по Wi-Fi, чаще вечером. Лампа роутера мигает красным. Идёт проверка линии.",
}
