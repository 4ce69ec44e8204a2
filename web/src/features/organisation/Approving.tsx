// What here needs a second member's approval.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useAct } from '@/api/act';
import { isAsked } from '@/api/contract';
import { useWord } from '@/i18n/word';
import { Switch } from '@/ui/Choice';
import { Loaded } from '@/ui/Loaded';
import { Notice } from '@/ui/Notice';
import { ProblemView } from '@/ui/ProblemView';
import { organisation } from './calls';

const ACTIONS = ['grant_role', 'close_member', 'extract_audit', 'lift_block'];

export function Approving() {
    const { t } = useTranslation('organisation');
    const { t: u } = useTranslation('ui');
    const word = useWord();
    const own = useQuery({ queryKey: ['organisation'], queryFn: organisation.get });
    const save = useAct(organisation.fourEyes, {
        renews: ['organisation', 'approvals'],
        says: (answer) => (isAsked(answer) ? u('approvalAsked') : u('saved')),
    });
    return (
        <div className="card stack">
            <p className="prose">{t('approving.lead')}</p>
            <Notice title={t('approving.two')}>{t('approving.twoHint')}</Notice>
            {save.error && <ProblemView error={save.error} />}
            <Loaded query={own}>
                {({ four_eyes }) => (
                    <>
                        {ACTIONS.map((action) => (
                            <Switch
                                key={action}
                                isSelected={four_eyes.includes(action)}
                                isDisabled={save.isPending}
                                onChange={(isOn) =>
                                    save.mutate(
                                        isOn ? [...four_eyes, action] : four_eyes.filter((one) => one !== action),
                                    )
                                }
                            >
                                {word('deed', action)}
                            </Switch>
                        ))}
                    </>
                )}
            </Loaded>
        </div>
    );
}
