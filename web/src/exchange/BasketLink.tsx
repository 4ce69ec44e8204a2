// That something lies in the basket, on every page but those that show it.

import { Link } from 'react-aria-components/Link';
import { useTranslation } from 'react-i18next';
import { useFormat } from '@/i18n/format';
import { Icon } from '@/ui/icons';
import { useBasket } from './basket';

export function BasketLink() {
    const { t } = useTranslation('shell');
    const { number } = useFormat();
    const count = useBasket().draft?.studies.length ?? 0;
    if (count === 0) return null;
    const words = t('basket', { count, n: number(count) });
    return (
        <Link href="/share" className="top-button basket-link" aria-label={words}>
            <Icon name="basket" />
            <span>{number(count)}</span>
        </Link>
    );
}
