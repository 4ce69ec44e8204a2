// A new person comes in: name and password, a second factor, recovery codes.
// The steps lie in the page, not in the URL: one cannot go back into a step
// whose secret has been shown.

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/facade';
import { meQuery } from '@/session/queries';
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
    const navigate = useNavigate();
    const client = useQueryClient();
    const invitation = useQuery({
        queryKey: ['invitation', token],
        queryFn: () => session.invitation(token),
        retry: false,
        staleTime: Infinity,
    });
    const [step, setStep] = useState(0);
    const [codes, setCodes] = useState<string[]>([]);
    const done = async () => {
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        await navigate({ to: '/assignment', search: { back: '/' } });
    };
    const { data, error } = invitation;
    return (
        <div className="card invitation">
            <PageHeader title={t('invitation.title')} lead={data && t('invitation.lead', { ...data })} />
            {error && <ProblemView error={error} onRetry={invitation.refetch} />}
            {invitation.isPending && <Skeleton />}
            {data && (
                <>
                    <Stepper
                        steps={[t('invitation.steps.you'), t('invitation.steps.factor'), t('invitation.steps.codes')]}
                        now={step}
                    />
                    {step === 0 && <AboutYou token={token} invitation={data} onDone={() => setStep(1)} />}
                    {step === 1 && (
                        <ChooseFactor
                            onDone={(given) => {
                                setCodes(given);
                                setStep(2);
                            }}
                        />
                    )}
                    {step === 2 && <RecoveryCodes codes={codes} onDone={done} />}
                </>
            )}
        </div>
    );
}
