// Where one is on a guided page.

import './words.css';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons';

export function Stepper({ steps, now }: { steps: string[]; now: number }) {
    const { t } = useTranslation('ui');
    return (
        <ol className="stepper" aria-label={t('steps')}>
            {steps.map((name, index) => {
                const where = index < now ? 'done' : index === now ? 'now' : 'ahead';
                return (
                    <li key={name} className={`step ${where}`} aria-current={index === now ? 'step' : undefined}>
                        {where === 'done' && (
                            <span className="step-mark">
                                <Icon name="check" />
                            </span>
                        )}
                        <span className="step-name">
                            <span className="hidden">{where === 'done' ? t('stepDone') : ''} </span>
                            {index + 1}. {name}
                        </span>
                    </li>
                );
            })}
        </ol>
    );
}
