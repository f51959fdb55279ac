using Sandbox.Cluster.Grains.Inquiries;
using Sandbox.Cluster.Grains.Interfaces.Contexts;
using Sandbox.Cluster.Grains.Interfaces.Inquiries;
using Sandbox.Cluster.Grains.Interpreters;

namespace Sandbox.Cluster.Grains.Contexts;

/// <summary>Questions to the live session. Each takes a turn of its own between two executions.</summary>
internal sealed partial class ContextGrain : IContextInquiries
{
    private const int MaxInquiries = 16;
    private static readonly TimeSpan PatienceInLine = TimeSpan.FromSeconds(2);

    /// <summary>The right to use the interpreter. Whoever waits for it longest gets it.</summary>
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly InquiryRunner _inquiryRunner;
    private int _inquiries;

    public async Task<InquiryReply> Inquire(InquiryCommand command, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested || _faulted)
            return new InquiryFailed(InquiryFault.Unavailable);
        if (!_session.Exists || await HasExpiredAsync(cancellationToken))
        {
            if (_queue.IsIdle)
                DeactivateOnIdle();
            return new InquiryFailed(InquiryFault.NoSuchContext);
        }
        if (_inquiries >= MaxInquiries)
            return new InquiryFailed(InquiryFault.TooMany) { News = Kept };
        Use();
        _inquiries++;
        try
        {
            if (!await _turn.WaitAsync(PatienceInLine, cancellationToken))
                return new InquiryFailed(InquiryFault.Busy) { News = Kept };
            try
            {
                return await AnswerAsync(command, cancellationToken);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            _inquiries--;
        }
    }

    private async Task<InquiryReply> AnswerAsync(InquiryCommand command, CancellationToken cancellationToken)
    {
        // Deleted meanwhile.
        if (!_session.Exists)
            return new InquiryFailed(InquiryFault.NoSuchContext);
        try
        {
            if (await _session.EnsureInterpreterAsync(_session.Language!.Value, cancellationToken) == ContextState.Lost)
            {
                // Who waits for a turn is told as well.
                var lost = new ContextNews(ContextState.Lost, _session.Incarnation);
                return new InquiryFailed(InquiryFault.SessionLost) { News = _queue.IsIdle ? await _session.TellAsync() : lost };
            }
            return await _inquiryRunner.RunAsync(_session.Interpreter!, command) is { } reply
                ? reply with { News = await TellInTurnAsync() }
                : new InquiryFailed(InquiryFault.SessionLost);
        }
        catch (ContextFencedException e)
        {
            await GiveUpAsync(e);
            return new InquiryFailed(InquiryFault.Unavailable);
        }
        catch (InterpreterUnavailableException e)
        {
            LogUnavailable(_logger, command.InquiryId, e.Message);
            return new InquiryFailed(InquiryFault.Unavailable);
        }
    }
}
