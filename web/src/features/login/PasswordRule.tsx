import { useTranslation } from 'react-i18next';
import { StateLight } from '@/ui/State';

/** NIST SP 800-63B: length, and the hub looks for known ones; no rules about signs. */
export const SHORTEST = 12;

/** Says while one types whether it is long enough. */
export function PasswordRule({ password }: { password: string }) {
    const { t } = useTranslation('login');
    // As the hub counts: characters, not UTF-16 units.
    const length = [...password].length;
    return (
        <div className="rule small">
            <StateLight is={length >= SHORTEST ? 'good' : 'waiting'}>
                {length >= SHORTEST
                    ? t('invitation.longEnough')
                    : t('invitation.lettersLeft', { count: SHORTEST - length })}
            </StateLight>
        </div>
    );
}
