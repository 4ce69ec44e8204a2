// Where words will stand. A screen reader hears "Loading", once.

import './words.css';
import { useTranslation } from 'react-i18next';

export function Skeleton({ lines = 3 }: { lines?: number }) {
    const { t } = useTranslation('ui');
    return (
        <div className="bones" role="status">
            <span className="hidden">{t('loading')}</span>
            {Array.from({ length: lines }, (_, line) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: lines are all alike
                <span key={line} className="bone" aria-hidden="true" />
            ))}
        </div>
    );
}
