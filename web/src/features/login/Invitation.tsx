// A new person comes in: name and password, a second factor, recovery codes.
// The steps lie in the page, not in the URL: one cannot go back into a step
// whose secret has been shown. One whose invitation was cut short after the
// password goes on from the second step (`/login/setup`).

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { SessionState } from '@/api/contract';
import { meQuery } from '@/session/queries';
import { session } from '@/session/session';
import { Loaded } from '@/ui/Loaded';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { Skeleton } from '@/ui/Skeleton';
import { Stepper } from '@/ui/Stepper';
import { AboutYou } from './AboutYou';
import { ChooseFactor } from './ChooseFactor';
import { RecoveryCodes } from './RecoveryCodes';
import './login.css';

const route = getRouteApi('/plain/invitation/$token');

export function InvitationPage() {
    const { t } = useTranslation('login');
    const { token } = route.useParams();
    const invitation = useQuery({
        queryKey: ['invitation', token],
        queryFn: () => session.invitation(token),
        retry: false,
        staleTime: Infinity,
    });
    const [step, setStep] = useState(0);
    const finish = useFinish();
    const { data, error } = invitation;
    const isReset = data?.kind === 'reset';
    // One who has a second factor already is asked for it, not for a new one.
    const accepted = ({ level }: SessionState) => (level === 'setup' ? setStep(1) : void finish());
    return (
        <div className="card invitation">
            <PageHeader
                title={t(isReset ? 'invitation.resetTitle' : 'invitation.title')}
                lead={
                    data &&
                    t(isReset ? 'invitation.resetLead' : 'invitation.lead', {
                        organisation: data.organisation_name,
                        email: data.email,
                    })
                }
            />
            {error && <ProblemView error={error} onRetry={() => void invitation.refetch()} />}
            {invitation.isPending && <Skeleton />}
            {data && (
                <>
                    {(!isReset || step > 0) && <Steps now={step} />}
                    {step === 0 && <AboutYou token={token} invitation={data} onDone={accepted} />}
                    {step > 0 && <Secure onStep={setStep} />}
                </>
            )}
        </div>
    );
}

export function SetUp() {
    const { t } = useTranslation('login');
    const [step, setStep] = useState(1);
    return (
        <div className="card invitation">
            <PageHeader title={t('setUp.title')} lead={t('setUp.lead')} />
            <Steps now={step} />
            <Secure onStep={setStep} />
        </div>
    );
}

function Steps({ now }: { now: number }) {
    const { t } = useTranslation('login');
    return (
        <Stepper
            steps={[t('invitation.steps.you'), t('invitation.steps.factor'), t('invitation.steps.codes')]}
            now={now}
        />
    );
}

/** The second factor, then the codes for when it is lost. */
function Secure({ onStep }: { onStep(step: number): void }) {
    const [isProven, setProven] = useState(false);
    const codes = useQuery({
        queryKey: ['recovery-codes'],
        queryFn: session.recoveryCodes,
        enabled: isProven,
        staleTime: Infinity,
        gcTime: 0,
        retry: false,
    });
    const finish = useFinish();
    if (!isProven) {
        return (
            <ChooseFactor
                onDone={() => {
                    setProven(true);
                    onStep(2);
                }}
            />
        );
    }
    return <Loaded query={codes}>{({ codes }) => <RecoveryCodes codes={codes} onDone={() => void finish()} />}</Loaded>;
}

/** One who is to set up the organisation is shown the way; others go to the start page. */
function useFinish() {
    const client = useQueryClient();
    const navigate = useNavigate();
    return async () => {
        const { permissions } = await client.fetchQuery({ ...meQuery, staleTime: 0 });
        await navigate({ to: permissions.includes('manage_gateways') ? '/start' : '/' });
    };
}
