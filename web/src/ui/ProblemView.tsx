// What went wrong, in the person's language: by the problem's word (RFC 9457
// `type`), else with the server's own text.

import { useTranslation } from 'react-i18next';
import { type Problem, problemOf } from '@/api/problem';
import { useWord } from '@/i18n/word';
import { Button } from './Button';
import { Notice } from './Notice';

/** Title and advice in the current language. */
export function useProblemWords(): (problem: Problem) => { title: string; advice?: string } {
    const { t, i18n } = useTranslation('problem');
    return (problem) => {
        // The words are looked up by what the server says, so their names are not known to the compiler.
        const lookUp = t as unknown as (key: string) => string;
        const known = i18n.exists(`problem:${problem.word}.title`);
        return known
            ? { title: lookUp(`${problem.word}.title`), advice: lookUp(`${problem.word}.advice`) }
            : { title: problem.title ?? t('unknown.title'), advice: problem.detail ?? t('unknown.advice') };
    };
}

export function ProblemView({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
    const { t } = useTranslation('ui');
    const words = useProblemWords();
    const word = useWord();
    const problem = problemOf(error);
    const { title, advice } = words(problem);
    return (
        <Notice
            kind="error"
            title={title}
            isNews
            actions={onRetry && problem.mayRetry && <Button onPress={onRetry}>{t('tryAgain')}</Button>}
        >
            {advice && <p>{advice}</p>}
            {problem.denial && <p>{word('denial', problem.denial)}</p>}
            {problem.permission && <p>{t('needs', { permission: word('permission', problem.permission) })}</p>}
            {problem.would && problem.would.length > 0 && (
                <p>{t('wouldGive', { roles: problem.would.map((role) => word('role', role)).join(', ') })}</p>
            )}
        </Notice>
    );
}
