// Two descriptions of a person side by side; what differs is marked, in words too.

import { useTranslation } from 'react-i18next';
import type { Difference, Match, Patient } from '@/api/exchange';
import { useFormat } from '@/i18n/format';
import { Icon } from '@/ui/icons';
import { written } from '@/ui/PatientStrip';

const FIELDS: Difference[] = ['id', 'name', 'birth_date', 'sex'];
const SEXES = { M: 'male', F: 'female', O: 'other', '': undefined } as const;

interface Props {
    sent?: Patient;
    candidate: Match['candidates'][number];
}

export function Compare({ sent, candidate }: Props) {
    const { t } = useTranslation(['inbox', 'ui']);
    const { number } = useFormat();
    const value = (patient: Patient | undefined, field: Difference) => {
        if (!patient) return '';
        if (field === 'id') return written(patient.id);
        if (field !== 'sex') return patient[field];
        const sex = SEXES[patient.sex];
        return sex ? t(`ui:sex.${sex}`) : '';
    };
    const shown = (patient: Patient | undefined, field: Difference) =>
        value(patient, field) || <span className="muted">{t('inbox:match.none')}</span>;
    return (
        <div>
            <table className="compare">
                <thead>
                    <tr>
                        <td />
                        <th scope="col">{t('inbox:match.sent')}</th>
                        <th scope="col">{t('inbox:match.hereAt', { node: candidate.node })}</th>
                        <td />
                    </tr>
                </thead>
                <tbody>
                    {FIELDS.map((field) => {
                        const differs = candidate.differences.includes(field);
                        return (
                            <tr key={field} className={differs ? 'differs' : undefined}>
                                <th scope="row">{t(`inbox:match.field.${field}`)}</th>
                                <td>{shown(sent, field)}</td>
                                <td>{shown(candidate.patient, field)}</td>
                                <td className="verdict">
                                    <Icon name={differs ? 'warning' : 'check'} />
                                    {t(differs ? 'inbox:match.differs' : 'inbox:match.same')}
                                </td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
            <p className="muted small">
                {t('inbox:match.studies', { count: candidate.studies, n: number(candidate.studies) })}
            </p>
        </div>
    );
}
