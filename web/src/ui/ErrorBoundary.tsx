// When a page itself fails: the rest of the portal stays, and one can go on.

import { Component, type ReactNode } from 'react';
import { ProblemView } from './ProblemView';

interface State {
    error?: unknown;
}

export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
    override state: State = {};

    static getDerivedStateFromError(error: unknown): State {
        return { error };
    }

    override render() {
        if (this.state.error === undefined) return this.props.children;
        return <ProblemView error={this.state.error} onRetry={() => this.setState({ error: undefined })} />;
    }
}
