import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { session } from '@/session/facade';
import { Button } from '@/ui/Button';
import { Form } from '@/ui/Form';
import { PageHeader } from '@/ui/PageHeader';
import { ProblemView } from '@/ui/ProblemView';
import { ComboBox } from '@/ui/Select';

const route = getRouteApi('/plain/login/organisation');

/** One's employer vouches: the browser goes to its login and comes back. */
export function OrganisationLogin() {
    const { t } = useTranslation('login');
    const { back } = route.useSearch();
    const organisations = useQuery({ queryKey: ['organisations'], queryFn: session.organisations });
    const [chosen, setChosen] = useState<string | null>(null);
    const [isMissing, setMissing] = useState(false);
    const go = useMutation({
        mutationFn: session.organisationLogin,
        onSuccess: (address) => location.assign(address),
    });
    const submit = () => {
        setMissing(!chosen);
        if (chosen) go.mutate(chosen);
    };
    return (
        <div className="card">
            <PageHeader
                title={t('organisationLogin.title')}
                lead={t('organisationLogin.lead')}
                up={{ href: `/login?back=${encodeURIComponent(back)}`, name: t('back') }}
            />
            {organisations.error && <ProblemView error={organisations.error} onRetry={organisations.refetch} />}
            <Form
                label={t('organisationLogin.title')}
                onSubmit={submit}
                error={go.error}
                actions={
                    <Button kind="primary" type="submit" wide isPending={go.isPending}>
                        {t('next')}
                    </Button>
                }
            >
                <ComboBox
                    label={t('organisationLogin.label')}
                    options={organisations.data ?? []}
                    isSearched={!organisations.data}
                    error={isMissing && !chosen ? t('organisationLogin.missing') : undefined}
                    value={chosen}
                    onChange={(id) => setChosen(id === null ? null : String(id))}
                />
            </Form>
        </div>
    );
}
