// What happened, one after the other: when, what, how many, who.

import './exchange.css';
import { useTranslation } from 'react-i18next';
import type { Event } from '@/api/exchange';
import { useSay } from './say';

export function Timeline({ events }: { events: Event[] }) {
    const { t } = useTranslation('exchange');
    const say = useSay();
    return (
        <section className="card stack" aria-labelledby="timeline">
            <h2 id="timeline">{t('timeline')}</h2>
            <ol className="timeline">
                {events.map((event) => (
                    <li key={`${event.at} ${event.what} ${event.recipient}`} className={event.what}>
                        <time className="muted" dateTime={event.at}>
                            {say.at(event.at)}
                        </time>
                        <span>
                            {say.happened(event)}
                            {event.by && <span className="muted"> · {event.by}</span>}
                        </span>
                    </li>
                ))}
            </ol>
        </section>
    );
}
