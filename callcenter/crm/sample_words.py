"""The words of the sample data: names, cities and sentences in Hebrew, Russian and English, and the fixed lists of a center."""

from __future__ import annotations


def _each(text: str) -> list[str]:
    return text.split()


GIVEN = {
    "he": _each(
        """נועה תמר מאיה שירה יעל אביגיל איילה רוני אדל ליאור עדי טליה הדס רחל שרה מרים אסתר רבקה לאה חנה דוד
        אריאל יוסף איתן עומר נועם אורי יונתן משה אברהם יעקב דניאל עידו גיא אלון רועי תומר אסף שמעון בנימין"""
    ),
    "ru": _each(
        """Анна Мария Елена Ольга Наталья Ирина Татьяна Светлана Екатерина Юлия Людмила Галина Вера Инна Алла
        Александр Сергей Дмитрий Алексей Андрей Михаил Игорь Владимир Борис Леонид Евгений Павел Виктор Олег
        Семён"""
    ),
    "en": _each(
        """Sarah Rachel Emily Hannah Jessica Laura Amy Susan Rebecca Naomi Julia Karen Olivia Grace Helen David
        Michael Daniel James Adam Jonathan Benjamin Robert Samuel Joseph Mark Peter Andrew Simon Thomas"""
    ),
}
FAMILY = {
    "he": _each(
        """כהן לוי מזרחי פרץ ביטון דהן אברהם פרידמן אזולאי מלכה כץ יוסף אוחיון עמר חדד גבאי בןדוד אדרי טל קליין
        שפירא רוזנברג וקנין שגב שקד ברק גולן הראל נחום סויסה אלבז אשכנזי ברנשטיין גרינברג זילברמן חסון טובול
        ירושלמי"""
    ),
    "ru": _each(
        """Иванова Петрова Кузнецова Волкова Соколова Лебедева Козлова Новикова Морозова Павлова Иванов Петров
        Кузнецов Волков Соколов Лебедев Козлов Новиков Морозов Павлов Гуревич Рабинович Шапиро Берман Кац
        Фридман Левин Гольдберг Хаймович Зильберман Ёлкин Рубинштейн Вайсман Розенберг"""
    ),
    "en": _each(
        """Cohen Levy Miller Davis Wilson Taylor Anderson Clark Lewis Walker Young Allen Wright Scott Green
        Baker Adams Nelson Hill Carter Mitchell Roberts Turner Phillips Campbell Parker Evans Edwards
        Collins Stewart"""
    ),
}
CITIES = {
    "he": ["תל אביב", "ירושלים", "חיפה", "ראשון לציון", "פתח תקווה", "נתניה", "באר שבע", "חולון", "רמת גן", "רחובות", "כפר סבא", "מודיעין"],
    "ru": ["Ашдод", "Хайфа", "Бат-Ям", "Ашкелон", "Нетания", "Кармиэль"],
    "en": ["Tel Aviv", "Jerusalem", "Raanana", "Herzliya", "Beit Shemesh", "Modiin"],
}  # fmt: skip
ORGANISATIONS = [
    "מרפאות השקד", "בית ספר אורנים", "מאפיית הגליל", "משרד עורכי דין ברק ושות׳", "אלקטרו צפון בע״מ", "גן הפקאן",
    "מוסך האחים דהן", "רשת פארם לב", "מלון חוף התכלת", "קיבוץ שדה יעקב", "Orchard Software Ltd", "Blue Harbor Logistics",
    "Northgate Clinics", "Редакция «Вести дня»", "Аптека «Здоровье»", "Клуб «Шахматист»",
]  # fmt: skip
ALERTS = {
    "he": ["לתאם רק אחרי 16:00", "נדרשת רגישות: אובדן במשפחה", "חוב פתוח – יש לבדוק לפני הצעה"],
    "ru": ["Звонить только после 16:00", "Не предлагать новые услуги", "Есть задолженность – проверьте"],
    "en": ["Call after 16:00 only", "Open debt – check before offering", "Hard of hearing – speak slowly"],
}  # fmt: skip
NOTES = {
    "he": [
        "הלקוחה ביקשה לבדוק למה החשבונית של החודש גבוהה. נשלח פירוט במייל.", "תואם טכנאי ליום רביעי בבוקר.",
        "אין קליטה בקומה השנייה. בוצע אתחול לנתב, לבדוק שוב מחר.", "שאל על מסלול משפחתי. ביקש הצעה בכתב.",
        "עודכן אמצעי תשלום.", "הבעיה נפתרה אחרי החלפת כבל.", "מבקשת שיחזרו אליה אחרי החגים.",
        "קיבל הסבר על תנאי ההתקשרות.",
    ],
    "ru": [
        "Просила проверить счёт за месяц. Расшифровка отправлена по почте.", "Техник назначен на среду утром.",
        "Нет сигнала на втором этаже. Перезагрузили роутер, проверить завтра.", "Интересуется семейным тарифом.",
        "Обновлены данные карты.", "Проблема решена после замены кабеля.", "Просит перезвонить после праздников.",
    ],
    "en": [
        "Asked why this month's invoice is higher. A breakdown was sent by mail.", "A technician comes on Wednesday morning.",
        "No signal upstairs. Router restarted, check again tomorrow.", "Asked about the family plan, wants an offer in writing.",
        "Payment method updated.", "Solved by replacing the cable.", "Wants to be called after the holidays.",
    ],
}  # fmt: skip
TASKS = {
    "he": ["לשלוח הצעת מחיר", "לבדוק זיכוי בחשבונית", "לוודא שהטכנאי הגיע", "חזרה ללקוח"],
    "ru": ["Отправить предложение", "Проверить возврат по счёту", "Убедиться, что техник приехал", "Перезвонить"],
    "en": ["Send an offer", "Check the credit on the invoice", "Make sure the technician came", "Call back"],
}  # fmt: skip
CASES = {
    "he": ["גלישה איטית בערב", "חיוב כפול בחשבונית", "החלפת נתב", "העברת כתובת", "תקלה בקו"],
    "ru": ["Медленный интернет вечером", "Двойное списание", "Замена роутера", "Переезд", "Неисправность линии"],
    "en": ["Slow connection in the evening", "Charged twice", "Router replacement", "Moving house", "Line fault"],
}  # fmt: skip

# code, digit, success, callback, he, en, ru
OUTCOMES = [
    ("solved", 1, True, False, "נפתר", "Solved", "Решено"),
    ("case_opened", 2, False, False, "נפתחה פנייה", "Case opened", "Создано обращение"),
    ("callback", 3, False, True, "חזרה ללקוח", "Callback", "Перезвонить"),
    (
        "passed_on",
        4,
        False,
        False,
        "הועבר למחלקה",
        "Passed to another team",
        "Передано другой команде",
    ),
    ("technician", 5, True, False, "טכנאי תואם", "Technician booked", "Назначен техник"),
    ("general", 6, True, False, "שאלה כללית", "General question", "Общий вопрос"),
    ("complaint", 7, False, False, "תלונה", "Complaint", "Жалоба"),
    ("wrong_number", 8, False, False, "טעות במספר", "Wrong number", "Неверный номер"),
    ("disconnected", 9, False, False, "שיחה נותקה", "Call disconnected", "Обрыв связи"),
    ("other", None, False, False, "אחר", "Other", "Другое"),
]
# code, minutes allowed, he, en, ru
PAUSES = [
    ("break", 15, "הפסקה", "Break", "Перерыв"),
    ("lunch", 45, "ארוחת צהריים", "Lunch", "Обед"),
    ("meeting", 60, "ישיבה", "Meeting", "Совещание"),
    ("training", None, "הדרכה", "Training", "Обучение"),
    ("coaching", 30, "שיחת משוב", "Coaching", "Разбор с супервайзером"),
    ("back_office", None, "עבודה עורפית", "Back-office work", "Работа без звонков"),
    ("outbound", None, "שיחות יזומות", "Outbound calls", "Исходящие звонки"),
    ("technical", None, "תקלה טכנית", "Technical problem", "Технический сбой"),
]
# queue, team, wrap-up, target, labels he/en/ru, greetings he/en/ru, the line that leads to it
QUEUES = [
    (
        "support", "support", 30, 20, ("תמיכה", "Support", "Поддержка"),
        ("שלום, הגעת לתמיכה. במה אפשר לעזור?", "Hello, this is support. How can I help?", "Здравствуйте, служба поддержки. Чем могу помочь?"),
        "+97237000100",
    ),
    (
        "sales", "sales", 45, 20, ("מכירות", "Sales", "Продажи"),
        ("שלום, הגעת למכירות. איך אפשר לעזור?", "Hello, this is sales. How can I help?", "Здравствуйте, отдел продаж. Чем могу помочь?"),
        "+97237000200",
    ),
    (
        "service", "support", 30, 30, ("שירות לקוחות", "Customer service", "Обслуживание клиентов"),
        ("שלום, הגעת לשירות הלקוחות.", "Hello, this is customer service.", "Здравствуйте, отдел обслуживания клиентов."),
        "+97237000300",
    ),
]  # fmt: skip
# login, name, role, language, teams, extension
PEOPLE = [
    ("michal", "מיכל לב", "agent", "he", ("support",), "1001"),
    ("nir", "ניר שקד", "agent", "he", ("support",), "1002"),
    ("olga", "אולגה ברמן", "agent", "ru", ("support", "sales"), "1003"),
    ("dana", "דנה פרץ", "agent", "he", ("sales",), "1004"),
    ("david", "David Klein", "agent", "en", ("support",), "1005"),
    ("tamar", "תמר אזולאי", "agent", "he", ("support",), "1006"),
    ("avi", "אבי מזרחי", "agent", "he", ("sales",), "1007"),
    ("ronen", "רונן ביטון", "supervisor", "he", ("support", "sales"), "1008"),
    ("yael", "יעל שגב", "manager", "he", (), ""),
    ("admin", "מנהל המערכת", "admin", "he", (), ""),
]
