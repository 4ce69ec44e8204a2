// The keys of this page, for those who have some.

import { useTranslation } from 'react-i18next';

export function KeyHelp({ mayShare }: { mayShare: boolean }) {
    const { t } = useTranslation(['find', 'exchange']);
    const keys: [string[], string][] = [
        [['/'], t('find:keys.search')],
        [['j', 'k'], t('find:keys.walk')],
        ...(mayShare ? [[['x'], t('find:keys.choose')] as [string[], string]] : []),
        [['Enter'], t('find:keys.open')],
        ...(mayShare ? [[['s'], t('find:keys.share')] as [string[], string]] : []),
    ];
    return (
        <dl className="key-help" aria-label={t('exchange:keys')}>
            {keys.map(([names, does]) => (
                <div key={does}>
                    <dt>
                        {names.map((name) => (
                            <kbd key={name}>{name}</kbd>
                        ))}
                    </dt>
                    <dd>{does}</dd>
                </div>
            ))}
        </dl>
    );
}
