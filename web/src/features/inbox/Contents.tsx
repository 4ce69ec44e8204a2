// What came: each study, and its series for those who want to know.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { InboxDetail, InboxStudy } from '@/api/exchange';
import { useSay } from '@/exchange/say';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { Facts } from '@/ui/Facts';
import { type Column, Table } from '@/ui/Table';

type Series = InboxStudy['series'][number] & { at: number };

export function Contents({ item }: { item: InboxDetail }) {
    const { t } = useTranslation(['inbox', 'exchange', 'ui']);
    const { number } = useFormat();
    const word = useWord();
    const say = useSay();
    const [shown, setShown] = useState<InboxStudy>();
    const isOne = item.patients.length === 1;
    const columns: Column<InboxStudy>[] = [
        {
            id: 'what',
            name: t('inbox:one.what'),
            cell: (study) => (
                <>
                    <strong>{say.study(study)}</strong>
                    <br />
                    <span className="muted">
                        {[study.date, say.modalities(study.modalities), !isOne && study.patient.name]
                            .filter(Boolean)
                            .join(' · ')}
                    </span>
                </>
            ),
        },
        {
            id: 'images',
            name: t('inbox:one.images'),
            isNumber: true,
            cell: ({ images }) => number(images),
        },
        {
            id: 'series',
            name: t('inbox:one.series'),
            isAction: true,
            cell: (study) => (
                <Button
                    kind="quiet"
                    aria-label={t('inbox:one.seriesOf', { study: say.study(study) })}
                    onPress={() => setShown(study)}
                >
                    {t('inbox:one.series')}
                </Button>
            ),
        },
    ];
    const series: Column<Series>[] = [
        {
            id: 'what',
            name: t('inbox:one.what'),
            cell: ({ description, modality }) => <strong>{description || word('modality', modality)}</strong>,
        },
        { id: 'kind', name: t('exchange:details.kind'), cell: ({ modality }) => word('modality', modality) },
        { id: 'body', name: t('inbox:one.body'), cell: ({ body_part }) => body_part || '–' },
        { id: 'images', name: t('inbox:one.images'), isNumber: true, cell: ({ images }) => number(images) },
    ];
    return (
        <section className="stack" aria-labelledby="contents">
            <h2 id="contents">{t('inbox:one.contents')}</h2>
            <Table
                label={t('inbox:one.contents')}
                columns={columns}
                rows={item.contents}
                rowId={({ study_uid }) => study_uid}
            />
            <Dialog
                isOpen={Boolean(shown)}
                onClose={() => setShown(undefined)}
                title={shown ? t('inbox:one.seriesOf', { study: say.study(shown) }) : ''}
                wide
                actions={<Button onPress={() => setShown(undefined)}>{t('ui:close')}</Button>}
            >
                {shown && (
                    <>
                        <Table
                            label={t('inbox:one.series')}
                            columns={series}
                            rows={shown.series.map((one, at) => ({ ...one, at }))}
                            rowId={({ at }) => String(at)}
                        />
                        <Facts
                            rows={[
                                [t('exchange:details.accession'), shown.accession],
                                [t('exchange:details.uid'), <code key="uid">{shown.study_uid}</code>],
                            ]}
                        />
                    </>
                )}
            </Dialog>
        </section>
    );
}
