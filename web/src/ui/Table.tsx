// Rows that read as sentences. The header stays, columns sort, and on a phone
// each row is a card. With `rowHref` the first cell is a link, and j and k (or
// the arrows) go down and up among the rows, Enter opens.
//
// Sorting is the caller's when `onSort` is given (the server's order, kept in
// the URL), else it happens here.

import './table.css';
import {
    type ColumnDef,
    flexRender,
    getCoreRowModel,
    getSortedRowModel,
    type RowData,
    type SortingState,
    useReactTable,
} from '@tanstack/react-table';
import { type KeyboardEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons';
import { Link } from './Link';
import { Select } from './Select';

export interface Column<Row extends RowData> {
    id: string;
    name: string;
    /** What it sorts by; without it the column does not sort. */
    value?(row: Row): string | number | Date | undefined;
    cell(row: Row): ReactNode;
    /** Numbers stand to the right. */
    isNumber?: boolean;
    /** It holds buttons: its name is for those who do not see them. */
    isAction?: boolean;
}

export interface Sort {
    column: string;
    descending: boolean;
}

export interface TableProps<Row extends RowData> {
    label: string;
    columns: Column<Row>[];
    rows: Row[];
    rowId(row: Row): string;
    rowHref?(row: Row): string;
    sort?: Sort;
    onSort?(sort: Sort | undefined): void;
}

export function Table<Row extends RowData>(props: TableProps<Row>) {
    const { label, columns, rows, rowId, rowHref, sort, onSort } = props;
    const { t } = useTranslation('ui');
    const [own, setOwn] = useState<SortingState>([]);
    const sorting = onSort ? (sort ? [{ id: sort.column, desc: sort.descending }] : []) : own;
    const take = (next: SortingState) => {
        setOwn(next);
        const [first] = next;
        onSort?.(first && { column: first.id, descending: first.desc });
    };
    const table = useReactTable<Row>({
        data: rows,
        columns: columns.map((column) => definition(column, rowHref)),
        state: { sorting },
        onSortingChange: (change) => take(typeof change === 'function' ? change(sorting) : change),
        manualSorting: Boolean(onSort),
        getRowId: rowId,
        getCoreRowModel: getCoreRowModel(),
        getSortedRowModel: getSortedRowModel(),
    });
    const body = useRef<HTMLTableSectionElement>(null);
    const sortable = columns.filter((column) => column.value);
    const looks = new Map(
        columns.map(({ id, isNumber, isAction }) => [id, isNumber ? 'end' : isAction ? 'action' : undefined]),
    );

    return (
        <>
            {sortable.length > 1 && (
                <div className="table-sort">
                    <Select
                        label={t('sortBy')}
                        options={sortable.map(({ id, name }) => ({ id, name }))}
                        value={sorting[0]?.id ?? null}
                        onChange={(id) => take(id ? [{ id: String(id), desc: false }] : [])}
                    />
                </div>
            )}
            <div className="table-frame">
                {/* biome-ignore-start lint/a11y/noRedundantRoles: on a phone rows are drawn as blocks, which takes their roles away in some browsers */}
                <table className="table" role="table" aria-label={label}>
                    <thead role="rowgroup">
                        {table.getHeaderGroups().map((group) => (
                            <tr key={group.id} role="row">
                                {group.headers.map((header) => {
                                    const sorted = header.column.getIsSorted();
                                    const name = flexRender(header.column.columnDef.header, header.getContext());
                                    return (
                                        <th
                                            key={header.id}
                                            scope="col"
                                            role="columnheader"
                                            className={looks.get(header.column.id)}
                                            aria-sort={
                                                sorted ? (sorted === 'asc' ? 'ascending' : 'descending') : undefined
                                            }
                                        >
                                            {header.column.getCanSort() ? (
                                                <button
                                                    type="button"
                                                    className="sorter"
                                                    onClick={header.column.getToggleSortingHandler()}
                                                >
                                                    {name}
                                                    <Icon name={sorted === 'desc' ? 'down' : 'up'} />
                                                </button>
                                            ) : (
                                                <span
                                                    className={
                                                        looks.get(header.column.id) === 'action' ? 'hidden' : undefined
                                                    }
                                                >
                                                    {name}
                                                </span>
                                            )}
                                        </th>
                                    );
                                })}
                            </tr>
                        ))}
                    </thead>
                    <tbody role="rowgroup" ref={body} onKeyDown={(event) => rowHref && walk(event, body.current)}>
                        {table.getRowModel().rows.map((row) => (
                            <tr key={row.id} role="row">
                                {row.getVisibleCells().map((cell) => (
                                    <td key={cell.id} role="cell" className={looks.get(cell.column.id)}>
                                        <span className="cell-name" aria-hidden="true">
                                            {String(cell.column.columnDef.header)}
                                        </span>
                                        <div>{flexRender(cell.column.columnDef.cell, cell.getContext())}</div>
                                    </td>
                                ))}
                            </tr>
                        ))}
                    </tbody>
                </table>
                {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
            </div>
        </>
    );
}

function definition<Row extends RowData>(column: Column<Row>, rowHref?: (row: Row) => string): ColumnDef<Row> {
    const { id, name, value, cell } = column;
    return {
        id,
        header: name,
        accessorFn: (row) => value?.(row),
        enableSorting: Boolean(value),
        sortDescFirst: false,
        sortUndefined: 'last',
        cell: ({ row, column: { getIndex } }) =>
            rowHref && getIndex() === 0 ? (
                <span className="row-link">
                    <Link href={rowHref(row.original)}>{cell(row.original)}</Link>
                </span>
            ) : (
                cell(row.original)
            ),
    };
}

/** j, k and the arrows move the focus from row to row. */
function walk(event: KeyboardEvent, body: HTMLElement | null) {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || !body) return;
    const links = [...body.querySelectorAll<HTMLElement>('.row-link a')];
    const here = links.findIndex((link) => link.closest('tr')?.contains(document.activeElement));
    const next = links[here + step];
    if (here < 0 || !next) return;
    event.preventDefault();
    next.focus();
}
