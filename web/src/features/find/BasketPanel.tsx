// What has been chosen so far: beside the page on a desk, a bar within the
// thumb's reach on a phone.

import { useTranslation } from 'react-i18next';
import { MOST_STUDIES, newDraft, toggled, useBasket } from '@/exchange/basket';
import { byPatient, imagesOf, studyKey } from '@/exchange/groups';
import { SeveralPatients } from '@/exchange/SeveralPatients';
import { calledPatient } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import { useFormat } from '@/i18n/format';
import { Button, IconButton } from '@/ui/Button';
import { Link, LinkButton } from '@/ui/Link';
import { ProblemView } from '@/ui/ProblemView';
import { toast } from '@/ui/Toast';

export function BasketPanel() {
    const { t } = useTranslation('find');
    const { number } = useFormat();
    const say = useSay();
    const { query, draft, change } = useBasket();
    const studies = draft?.studies ?? [];
    const groups = byPatient(studies);
    const images = imagesOf(studies);
    const clear = () => {
        if (!draft) return;
        change(() => newDraft());
        toast(t('basket.cleared'), { undo: () => change(() => draft) });
    };
    return (
        <aside className={studies.length > 0 ? 'basket full' : 'basket'} aria-labelledby="basket">
            <div className="row between">
                <h2 id="basket">{t('basket.title')}</h2>
                {studies.length > 0 && (
                    <Button kind="quiet" onPress={clear}>
                        {t('basket.clear')}
                    </Button>
                )}
            </div>
            {query.error && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
            {draft?.answers && (
                <p className="small">
                    <Link href={`/requests/${draft.answers.id}`}>
                        {t('basket.answers', { name: draft.answers.asker.name })}
                    </Link>
                </p>
            )}
            {studies.length === 0 ? (
                <p className="muted small">{t('basket.empty')}</p>
            ) : (
                <>
                    <div className="basket-rows">
                        <SeveralPatients patients={groups.map(({ patient }) => patient)} isNews />
                        {groups.map(({ patient, studies: own }) => (
                            <div key={patient.key}>
                                <h3>{calledPatient(patient)}</h3>
                                <ul>
                                    {own.map((study) => (
                                        <li key={studyKey(study)}>
                                            <span>
                                                {say.study(study)}
                                                <span className="muted small">
                                                    {study.date} · {say.images(study.images)}
                                                </span>
                                            </span>
                                            <IconButton
                                                icon="close"
                                                label={t('basket.remove', {
                                                    study: `${say.study(study)} ${study.date}`,
                                                })}
                                                onPress={() => change((before) => toggled(before, [study], false))}
                                            />
                                        </li>
                                    ))}
                                </ul>
                            </div>
                        ))}
                        {studies.length >= MOST_STUDIES && (
                            <p className="small">{t('basket.full', { n: number(MOST_STUDIES) })}</p>
                        )}
                    </div>
                    <div className="basket-end">
                        <p className="small basket-sum" role="status">
                            {[say.studies(studies.length), images !== undefined && say.images(images)]
                                .filter(Boolean)
                                .join(', ')}
                        </p>
                        <LinkButton href="/share" kind="primary" icon="send">
                            {t('basket.share')}
                        </LinkButton>
                    </div>
                </>
            )}
        </aside>
    );
}
