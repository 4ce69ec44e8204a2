// What a share is when nobody says otherwise.

const USUAL_DAYS = 90;

/** The last day, by the clinics' calendar. */
export function usualEnd(now: Date): string {
    const end = new Date(now.getTime() + USUAL_DAYS * 86_400_000);
    return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Stockholm' }).format(end);
}
