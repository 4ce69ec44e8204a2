// Language and appearance, on every page.

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { speak } from '@/i18n/language';
import { Icon } from '@/ui/icons';
import { Menu } from '@/ui/Menu';
import { setTheme, THEMES, type Theme, theme } from './theme';

export function Preferences() {
    const { t, i18n } = useTranslation('shell');
    const [chosen, setChosen] = useState(theme);
    const act = (id: string) => {
        const [what, value] = id.split(':');
        if (what === 'language') void speak(value as 'sv' | 'en');
        if (what === 'theme') {
            setTheme(value as Theme);
            setChosen(value as Theme);
        }
    };
    return (
        <Menu
            label={`${t('language')}, ${t('theme')}`}
            className="top-button"
            onAction={act}
            groups={[
                {
                    id: 'language',
                    name: t('language'),
                    items: [
                        { id: 'language:sv', name: t('swedish'), isChosen: i18n.language === 'sv' },
                        { id: 'language:en', name: t('english'), isChosen: i18n.language === 'en' },
                    ],
                },
                {
                    id: 'theme',
                    name: t('theme'),
                    items: THEMES.map((id) => ({ id: `theme:${id}`, name: t(id), isChosen: id === chosen })),
                },
            ]}
        >
            <Icon name={chosen === 'dark' ? 'moon' : 'sun'} />
            <span aria-hidden="true">{i18n.language === 'sv' ? 'SV' : 'EN'}</span>
        </Menu>
    );
}
