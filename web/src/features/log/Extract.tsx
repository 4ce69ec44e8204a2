// All that the log holds about one patient, as a file to hand over.

import type { CalendarDate } from '@internationalized/date';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import { problemOf } from '@/api/problem';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { PeriodField } from '@/ui/DateField';
import { Dialog } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';
import { Notice } from '@/ui/Notice';
import { dayEnd, dayStart, log } from './calls';

export function Extract({ patient, onClose }: { patient: string; onClose(): void }) {
    const { t, i18n } = useTranslation('log');
    const { t: u } = useTranslation('ui');
    const [period, setPeriod] = useState<{ start: CalendarDate; end: CalendarDate } | null>(null);
    const [format, setFormat] = useState('pdf');
    const extract = useAct(
        (): Promise<void> =>
            log.extract({
                patient_id: draft.values.patient_id.replace(/[\s-]/g, ''),
                from: period ? dayStart(period.start.toString()) : undefined,
                until: period ? dayEnd(period.end.toString()) : undefined,
                format: format as 'pdf' | 'csv',
                language: i18n.language,
            }),
        { renews: ['approvals'], says: t('extract.done'), after: onClose },
    );
    const draft = useDraft({ patient_id: patient }, extract.error, ['patient_id']);
    const isAsked = extract.error && problemOf(extract.error).word === 'approval-asked';
    return (
        <Dialog isOpen onClose={onClose} title={t('extract.title')}>
            <p>{t('extract.lead')}</p>
            {isAsked && (
                <Notice title={u('approvalAsked')} isNews>
                    {t('extract.again')}
                </Notice>
            )}
            <Form
                onSubmit={() => draft.isReady() && extract.mutate()}
                error={isAsked ? undefined : draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{u('cancel')}</Button>
                        <Button kind="primary" type="submit" isPending={extract.isPending}>
                            {t('extract.fetch')}
                        </Button>
                    </>
                }
            >
                <TextField
                    {...draft.bind('patient_id')}
                    label={t('patientNumber')}
                    placeholder={u('patientNumberForm')}
                    autoComplete="off"
                />
                <PeriodField
                    label={t('period')}
                    hint={t('extract.wholePeriod')}
                    optional
                    value={period}
                    onChange={setPeriod}
                />
                <RadioGroup
                    label={t('extract.format')}
                    value={format}
                    onChange={setFormat}
                    options={[
                        { id: 'pdf', name: t('extract.pdf'), hint: t('extract.pdfHint') },
                        { id: 'csv', name: t('extract.csv'), hint: t('extract.csvHint') },
                    ]}
                />
            </Form>
        </Dialog>
    );
}
