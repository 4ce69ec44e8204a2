// Keys for a whole page: j and k among rows, a letter for a deed. They are not
// heard while one types, nor while something lies over the page.

import { useEffect, useRef } from 'react';

export type Keys = Record<string, (event: KeyboardEvent) => void>;

export function useKeys(keys: Keys) {
    const latest = useRef(keys);
    latest.current = keys;
    useEffect(() => {
        const hear = (event: KeyboardEvent) => {
            const act = latest.current[event.key];
            if (!act || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
            if (isTyping(event.target) || document.querySelector('[role="dialog"], [role="alertdialog"]')) return;
            event.preventDefault();
            act(event);
        };
        document.addEventListener('keydown', hear);
        return () => document.removeEventListener('keydown', hear);
    }, []);
}

function isTyping(target: EventTarget | null): boolean {
    if (!(target instanceof HTMLElement)) return false;
    if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button'].includes(target.type);
    return target.isContentEditable || Boolean(target.closest('textarea, select, [role="listbox"], [role="menu"]'));
}

/** From the row that has the focus to the next; the first, when none has it. */
export function walkRows(rows: string, focusable: string, step: number) {
    const all = [...document.querySelectorAll<HTMLElement>(rows)];
    const here = all.findIndex((row) => row.contains(document.activeElement));
    const next = here < 0 ? all[0] : all[here + step];
    const target = next?.querySelector<HTMLElement>(focusable);
    target?.focus();
    next?.scrollIntoView({ block: 'nearest' });
}

/** The row that has the focus. */
export function focusedRow(rows: string): HTMLElement | undefined {
    return document.activeElement?.closest<HTMLElement>(rows) ?? undefined;
}
