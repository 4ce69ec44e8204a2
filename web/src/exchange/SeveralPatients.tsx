// Two patients on a page: it says so, and names them.

import { useTranslation } from 'react-i18next';
import type { Patient } from '@/api/exchange';
import { Notice } from '@/ui/Notice';
import { calledPatient } from './Strip';

export function SeveralPatients({ patients, isNews }: { patients: Patient[]; isNews?: boolean }) {
    const { t } = useTranslation('exchange');
    if (patients.length < 2) return null;
    return (
        <Notice kind="error" title={t('several.title', { count: patients.length })} isNews={isNews}>
            <ul className="plain-list">
                {patients.map((patient) => (
                    <li key={patient.key}>
                        <strong>{calledPatient(patient)}</strong>
                    </li>
                ))}
            </ul>
            <p>{t('several.hint')}</p>
        </Notice>
    );
}
