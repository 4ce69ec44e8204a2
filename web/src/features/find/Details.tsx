// All that is known of a found study, its technical names too.

import { useTranslation } from 'react-i18next';
import type { FoundStudy } from '@/api/exchange';
import { Strip } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import { useFormat } from '@/i18n/format';
import { Button } from '@/ui/Button';
import { Dialog } from '@/ui/Dialog';
import { Facts } from '@/ui/Facts';

export function Details({ study, onClose }: { study?: FoundStudy; onClose(): void }) {
    const { t } = useTranslation(['exchange', 'ui']);
    const { number } = useFormat();
    const say = useSay();
    return (
        <Dialog
            isOpen={Boolean(study)}
            onClose={onClose}
            title={t('exchange:details.title')}
            wide
            actions={<Button onPress={onClose}>{t('ui:close')}</Button>}
        >
            {study && (
                <>
                    <Strip patient={study.patient} />
                    <Facts
                        rows={[
                            [t('exchange:details.date'), `${study.date} ${study.time}`.trim()],
                            [t('exchange:details.what'), study.description],
                            [t('exchange:details.kind'), say.modalities(study.modalities)],
                            [t('exchange:details.institution'), study.institution],
                            [
                                t('exchange:details.node'),
                                t('exchange:details.nodeAt', { node: study.node, gateway: study.gateway }),
                            ],
                            [t('exchange:details.accession'), study.accession],
                            [t('exchange:details.images'), say.images(study.images)],
                            [t('exchange:details.series'), study.series !== null && number(study.series)],
                            [t('exchange:details.held'), study.held > 0 && say.images(study.held)],
                            [t('exchange:details.uid'), <code key="uid">{study.study_uid}</code>],
                        ]}
                    />
                </>
            )}
        </Dialog>
    );
}
