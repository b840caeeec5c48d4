using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// A full mailbox with a sender that waits. On processor 0 another begins to wait as well, slowly. Processor 1 has the receiver's turn, lets in whom it finds, and then has a
/// sender's: of whose messages none may overtake another, whatever the slow one has announced so far.
/// </summary>
internal sealed class SlowSenderProtocol<TMemory, TWorld> : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const int Capacity = 2;
    private const int Slow = 0, Quick = 1, Other = 2;

    private readonly Mailbox<(int Sender, int Number), TMemory> _mailbox = new(new MailboxOptions { Capacity = Capacity });
    private readonly List<ValueTask<EnqueueResult>> _sends = [];
    private readonly List<(int Sender, int Number)> _handled = [];
    private ValueTask<EnqueueResult> _slow;

    public SlowSenderProtocol()
    {
        for (var number = 0; number < Capacity; number++) Send(Other, number);
        Send(Quick, 0);
    }

    public override Action[] Processors => [() => _slow = _mailbox.EnqueueAsync((Slow, 0)), TakeAndSend];

    public override void Check()
    {
        Drain();
        Require(_slow.IsCompletedSuccessfully && _sends.All(static send => send.IsCompletedSuccessfully), "a sender waits and nobody lets it in");
        Require(_handled.Count == _sends.Count + 1, "a message is lost or doubled");
        Require(_handled.Where(static message => message.Sender == Quick).Select(static message => message.Number).SequenceEqual([0, 1, 2]), "a message overtook another of its sender");
    }

    private void TakeAndSend()
    {
        for (var number = 0; number < Capacity; number++) Take();
        _mailbox.AdmitWaiting();
        Send(Quick, 1);
        Take();
        Send(Quick, 2);
    }

    private void Send(int sender, int number) => _sends.Add(_mailbox.EnqueueAsync((sender, number)));

    private bool Take()
    {
        if (!_mailbox.TryDequeue(out var message)) return false;
        _handled.Add(message);
        return true;
    }

    private void Drain()
    {
        do
        {
            while (Take())
            {
            }
        }
        while (_mailbox.AdmitWaiting() || _mailbox.Count > 0);
    }
}
