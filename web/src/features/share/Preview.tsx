// Exactly what will be sent, to whom: the last look before it goes.

import { useTranslation } from 'react-i18next';
import { problemOf } from '@/api/problem';
import { type Draft, toggled } from '@/exchange/basket';
import { byPatient, imagesOf, studyKey } from '@/exchange/groups';
import { Chosen, useRecipients } from '@/exchange/RecipientPicker';
import { SeveralPatients } from '@/exchange/SeveralPatients';
import { calledPatient, Strip } from '@/exchange/Strip';
import { useSay } from '@/exchange/say';
import { useFormat } from '@/i18n/format';
import { useWord } from '@/i18n/word';
import { Button, IconButton } from '@/ui/Button';
import { Checkbox } from '@/ui/Choice';
import { Facts } from '@/ui/Facts';
import { Icon } from '@/ui/icons';
import { LinkButton } from '@/ui/Link';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { bodyOf, type Send } from './send';

interface Props {
    draft: Draft;
    change(make: (before: Draft) => Draft): void;
    send: Send;
}

export function Preview({ draft, change, send }: Props) {
    const { t } = useTranslation(['share', 'exchange']);
    const { day } = useFormat();
    const word = useWord();
    const say = useSay();
    const groups = byPatient(draft.studies);
    const { expires_at, message } = bodyOf(draft);
    return (
        <section className="card preview" aria-labelledby="preview">
            <h2 id="preview">{t('share:preview')}</h2>
            <SeveralPatients patients={groups.map(({ patient }) => patient)} />
            {groups.map(({ patient, studies }) => (
                <div key={patient.key}>
                    <Strip patient={patient} />
                    <ul className="preview-studies">
                        {studies.map((study) => (
                            <li key={studyKey(study)}>
                                <span>
                                    {say.study(study)}
                                    <span className="muted small">
                                        {[study.date, study.institution].filter(Boolean).join(' · ')}
                                    </span>
                                </span>
                                <span className="count">{say.images(study.images)}</span>
                                <IconButton
                                    icon="close"
                                    label={t('share:remove', { study: `${say.study(study)} ${study.date}` })}
                                    onPress={() => change((before) => toggled(before, [study], false))}
                                />
                            </li>
                        ))}
                    </ul>
                </div>
            ))}
            <div className="preview-to">
                <strong>{t('share:to')}</strong>
                {draft.recipients.length === 0 ? (
                    <span className="muted">{t('share:nobody')}</span>
                ) : (
                    <Chosen
                        ids={draft.recipients}
                        onRemove={(id) =>
                            change((before) => ({
                                ...before,
                                recipients: before.recipients.filter((one) => one !== id),
                            }))
                        }
                    />
                )}
            </div>
            <Facts
                rows={[
                    [t('exchange:purpose'), word('purpose', draft.purpose)],
                    [t('exchange:priority'), draft.priority !== 'ordinary' && word('priority', draft.priority)],
                    [t('exchange:until'), expires_at ? day(expires_at) : t('exchange:forever')],
                    [t('exchange:message'), message],
                ]}
            />
            {draft.answers && (
                <Notice
                    title={t('share:answers', { name: draft.answers.asker.name })}
                    actions={
                        <Button onPress={() => change((before) => ({ ...before, answers: undefined }))}>
                            {t('share:answersNot')}
                        </Button>
                    }
                >
                    {t('share:answersHint', { patient: calledPatient(draft.answers.patient) })}
                </Notice>
            )}
            {groups.length > 1 && (
                <div>
                    <Checkbox
                        isSelected={draft.several}
                        isInvalid={send.lacksSeveral}
                        onChange={(several) => change((before) => ({ ...before, several }))}
                    >
                        {t('share:severalConfirm')}
                    </Checkbox>
                    {send.lacksSeveral && (
                        <p className="field-error" role="alert">
                            <Icon name="error" />
                            {t('share:severalNeeded')}
                        </p>
                    )}
                </div>
            )}
            {Boolean(send.error) && <Refused error={send.error} />}
            {send.lacksRecipient && (
                <p className="field-error" role="alert">
                    <Icon name="error" />
                    {t('share:needRecipient')}
                </p>
            )}
            {send.lacksAsker && (
                <p className="field-error" role="alert">
                    <Icon name="error" />
                    {t('share:needAsker', { name: draft.answers?.asker.name })}
                </p>
            )}
            <div className="preview-end">
                <span className="preview-sum">
                    {t('share:total', {
                        studies: say.studies(draft.studies.length),
                        images: say.images(imagesOf(draft.studies)),
                    })}
                </span>
                <Button kind="primary" icon="send" isPending={send.isGoing} onPress={send.press}>
                    {t('share:send')}
                </Button>
            </div>
        </section>
    );
}

/** Whom it may not go to is named; an old search has its own way on. */
export function Refused({ error }: { error: unknown }) {
    const { t } = useTranslation('share');
    const word = useWord();
    const recipients = useRecipients();
    const { word: said, recipient, denial } = problemOf(error);
    const name = recipients.data?.items.find(({ id }) => id === recipient)?.name;
    if (said === 'recipient-refuses' && name) {
        return (
            <Notice kind="error" title={t('refused', { name })} isNews>
                {word('denial', denial)}
            </Notice>
        );
    }
    return (
        <>
            <ProblemView error={error} />
            {said === 'found-too-old' && <LinkButton href="/find">{t('tooOldAction')}</LinkButton>}
        </>
    );
}
