// A delivery as a line of five stages that fills as images pass: the same
// picture in lists, details and statistics as on the status page.

import './words.css';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';

export const STAGES = ['received', 'atHub', 'allowed', 'underWay', 'inPacs'] as const;
export type Stage = (typeof STAGES)[number];

export interface StageLineProps {
    /** How many images have reached each stage. */
    counts: Record<Stage, number>;
    of: number;
    /** Where it stopped, when a person must act. */
    stoppedAt?: Stage;
}

export function StageLine({ counts, of, stoppedAt }: StageLineProps) {
    const { t } = useTranslation('ui');
    const { number } = useFormat();
    return (
        <ol className="line" aria-label={t('stages.label')}>
            {STAGES.map((stage) => {
                const count = counts[stage];
                const how =
                    stage === stoppedAt ? 'stopped' : count >= of && of > 0 ? 'done' : count > 0 ? 'partly' : 'ahead';
                return (
                    <li key={stage} className={`stage ${how}`}>
                        <svg className="stretch" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                            <rect className="track" width="100" height="4" />
                            <rect className="fill" width={of > 0 ? (100 * Math.min(count, of)) / of : 0} height="4" />
                        </svg>
                        <svg className="stage-mark" viewBox="0 0 22 22" aria-hidden="true">
                            {how === 'stopped' ? (
                                <path d="M11 2 20 11l-9 9-9-9ZM11 7v5M11 14.9v.1" />
                            ) : (
                                <circle cx="11" cy="11" r="9" />
                            )}
                            {how === 'done' && <path d="m6.75 11.25 3 3 5.5-6.25" />}
                            {how === 'partly' && <circle className="core" cx="11" cy="11" r="4" />}
                        </svg>
                        <span className="stage-name">
                            {t(`stages.${stage}`)}
                            <span className="hidden">: {t(`stages.${how}`)}</span>
                        </span>
                        <span className="stage-count">
                            {t('stages.count', { count, n: number(count), of: number(of) })}
                        </span>
                    </li>
                );
            })}
        </ol>
    );
}
