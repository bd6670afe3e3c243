// Quick times to call back, in the site's own zone.

import { t, tn } from "./i18n.js";
import { clock, date, day, epoch, now, weekday } from "./time.js";

const MORNING = 10;
const later = (days) => day(now() + days * 86_400).split("-").map(Number);

// The first day of the working week: Sunday in the home market.
function nextSunday() {
  for (let days = 1; days <= 7; days++) {
    const at = epoch(...later(days), MORNING, 0);
    if (new Date(at * 1000).getUTCDay() === 0 && days > 1) return at;
  }
  return epoch(...later(7), MORNING, 0);
}

export function picks() {
  const hour = Math.ceil((now() + 3600) / 300) * 300;
  const tomorrow = epoch(...later(1), MORNING, 0);
  const sunday = nextSunday();
  return [
    { at: hour, text: tn("In {n} hour", "In {n} hours", 1), time: clock(hour) },
    { at: tomorrow, text: t("Tomorrow at {time}"), time: clock(tomorrow) },
    { at: sunday, text: t("On {weekday} at {time}").replace("{weekday}", weekday(sunday)), time: clock(sunday) },
  ].map((pick) => ({ ...pick, title: date(pick.at) }));
}
