// Who it is about: name, personnummer (with a check mark when it is proven),
// age and sex, in one strip that stays in sight on every page about a patient.

import './words.css';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';
import { Icon } from './icons';

export interface Patient {
    name: string;
    /** Twelve digits, or another identity as it stands. */
    number: string;
    /** The identity has been proven by its holder or by the register. */
    isProven: boolean;
    birthDate?: string;
    sex?: 'female' | 'male' | 'other';
}

/** `now` decides the age. */
export function PatientStrip({ patient, now = new Date() }: { patient: Patient; now?: Date }) {
    const { t } = useTranslation('ui');
    const { number } = useFormat();
    const age = patient.birthDate && ageAt(patient.birthDate, now);
    return (
        <section className="patient" aria-label={`${t('patient')} ${patient.name}`}>
            <span className="patient-name">{patient.name}</span>
            <span className={patient.isProven ? 'patient-number proven' : 'patient-number'}>
                {written(patient.number)}
                {patient.isProven ? (
                    <>
                        <Icon name="success" />
                        <span className="said">{t('proven')}</span>
                    </>
                ) : (
                    <span className="said">{t('notProven')}</span>
                )}
            </span>
            <span>
                {age !== undefined && age !== '' && t('age', { count: age, years: number(age) })}
                {age !== undefined && age !== '' && patient.sex && ', '}
                {patient.sex && t(`sex.${patient.sex}`)}
            </span>
        </section>
    );
}

/** Whole years, by the calendar. `birthDate` is YYYY-MM-DD. */
export function ageAt(birthDate: string, now: Date): number {
    const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
    const had = now.getMonth() + 1 > month || (now.getMonth() + 1 === month && now.getDate() >= day);
    return now.getFullYear() - year - (had ? 0 : 1);
}

/** As people write it: 19121212-1212. */
export function written(number: string): string {
    return /^\d{12}$/.test(number) ? `${number.slice(0, 8)}-${number.slice(8)}` : number;
}
