// A share that should not be: why, and what happens. Where somebody has copies
// already it cannot be undone by anyone here, so the recipient's name is typed.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import type { Share, TakeBackWhy } from '@/api/exchange';
import { exchange } from '@/exchange/calls';
import { arrived } from '@/exchange/states';
import { Button } from '@/ui/Button';
import { RadioGroup } from '@/ui/Choice';
import { Dialog, sameName } from '@/ui/Dialog';
import { useDraft } from '@/ui/draft';
import { TextField } from '@/ui/Field';
import { Form } from '@/ui/Form';

const WHYS: TakeBackWhy[] = ['wrong_patient', 'wrong_recipient', 'not_needed', 'other'];

/** Who lie with images that cannot be reached from here. */
export function holders({ deliveries }: Share): string[] {
    return deliveries.filter((delivery) => arrived(delivery) > 0).map(({ recipient }) => recipient.name);
}

export function TakeBack({ share, onClose }: { share: Share; onClose(): void }) {
    const { t } = useTranslation(['shares', 'ui']);
    const [why, setWhy] = useState<TakeBackWhy>();
    const [isTried, setTried] = useState(false);
    const names = holders(share);
    const [first = ''] = names;
    const take = useAct(
        ({ why, reason }: { why: TakeBackWhy; reason: string }) => exchange.takeBack(share.id, why, reason),
        {
            renews: ['shares'],
            says: ({ recalled }) => t('shares:takeBack.done', { count: recalled }),
            after: onClose,
        },
    );
    const draft = useDraft({ reason: '', name: '' }, take.error, ['reason']);
    const isNamed = names.length === 0 || sameName(draft.values.name, first);
    const submit = () => {
        setTried(true);
        if (!draft.isReady() || !why || !isNamed) return;
        take.mutate({ why, reason: draft.values.reason.trim() });
    };
    return (
        <Dialog isOpen onClose={onClose} title={t('shares:takeBack.title')} isAlert>
            <p>
                {names.length === 0
                    ? t('shares:takeBack.none')
                    : t('shares:takeBack.some', { names: names.join(', ') })}
            </p>
            <p className="muted">{t('shares:takeBack.record')}</p>
            <Form
                onSubmit={submit}
                error={draft.rest}
                actions={
                    <>
                        <Button onPress={onClose}>{t('shares:takeBack.keep')}</Button>
                        <Button kind="danger" type="submit" isDisabled={!isNamed} isPending={take.isPending}>
                            {t('shares:takeBack.action')}
                        </Button>
                    </>
                }
            >
                <RadioGroup
                    label={t('shares:takeBack.why')}
                    value={why ?? null}
                    onChange={(id) => setWhy(id as TakeBackWhy)}
                    error={isTried && !why ? t('ui:fill') : undefined}
                    options={WHYS.map((id) => ({ id, name: t(`shares:takeBack.whys.${id}`) }))}
                />
                <TextField
                    {...draft.bind('reason')}
                    label={t('shares:takeBack.reason')}
                    hint={t('shares:one.reasonHint')}
                    lines
                />
                {names.length > 0 && (
                    <TextField {...draft.bind('name')} label={t('ui:typeName', { name: first })} autoComplete="off" />
                )}
            </Form>
        </Dialog>
    );
}
