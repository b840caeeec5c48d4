using Troupe.Core.Memory;

namespace Troupe.Actors;

/// <summary>
/// A worker thread's hold on its processor, which the monitor revokes in the middle of a turn that takes too long. The thread
/// pays two plain stores and a load a turn.
/// </summary>
/// <remarks>
/// <para>
/// Who may touch what. What belongs to the processor (parker, interrupts, the inbox of pinned actors, the state in
/// <see cref="IdleWorkers{TMemory}"/>) is touched between turns, by the thread that holds the processor. A thread's run queues
/// are pushed to by that thread alone, as long as it lives; anybody may take from them. So nothing that the thread does inside
/// a turn needs the lease, and taking the lease away inside a turn needs nothing of the thread.
/// </para>
/// <para>
/// The thread: <see cref="BeginTurn"/>; the turn; <see cref="EndTurn"/>; a full fence (the actor's <see cref="TurnGate{TMemory}"/>
/// is one); <see cref="Keep"/>. The monitor, one thread: challenge (compare-and-swap), then look at the number of the turn
/// once more. Thread and monitor each write, fence, and read what the other wrote, so one of them sees the other. If the monitor sees
/// the turn still open, the thread will see the challenge after it, and one compare-and-swap decides between the two. If it sees another
/// number, the thread may have looked already and gone on; the monitor takes the challenge back.
/// </para>
/// <para>
/// A thread that has lost its lease pushes to no queue of its own (<see cref="IsRevoked"/>), but it may have looked just before.
/// What it leaves in its queues so, the monitor takes out at each look, and the thread itself when its turn is over.
/// </para>
/// </remarks>
public struct ProcessorLease<TMemory> where TMemory : struct, IMemory
{
    private const int Held = 0;
    private const int Challenged = 1;
    private const int Revoked = 2;

    private int _state;
    private long _turn;

    /// <summary>The number of the turn; even between turns. Never the same for two turns.</summary>
    public long Turn => TMemory.LoadAcquire(ref _turn);

    /// <summary>Whether the processor is another thread's now. Inside a turn, what is not revoked yet may be a moment later.</summary>
    public bool IsRevoked => TMemory.LoadAcquire(ref _state) == Revoked;

    /// <summary>Whether a turn of that number is still running, as far as one can see.</summary>
    public static bool IsInside(long turn) => (turn & 1) != 0;

    /// <summary>A turn begins. The thread that holds the lease.</summary>
    public void BeginTurn() => TMemory.StoreRelease(ref _turn, Turn + 1);

    /// <summary>The turn is over. A full fence must follow, then <see cref="Keep"/>.</summary>
    public void EndTurn() => TMemory.StoreRelease(ref _turn, Turn + 1);

    /// <summary>After a turn: whether the thread still holds the processor, and then it does until its next turn begins.</summary>
    public bool Keep() =>
        TMemory.LoadAcquire(ref _state) == Held || TMemory.CompareExchange(ref _state, Held, Challenged) != Revoked;

    /// <summary>Takes the processor from a thread that is still in the turn of this number. The monitor only.</summary>
    public bool TryRevoke(long turn)
    {
        if (!IsInside(turn) || TMemory.CompareExchange(ref _state, Challenged, Held) != Held)
            return false;
        if (Turn == turn)
            return TMemory.CompareExchange(ref _state, Revoked, Challenged) == Challenged;
        TMemory.CompareExchange(ref _state, Held, Challenged);
        return false;
    }

    /// <summary>Inside a turn: what follows counts as a turn of its own, which the monitor has not seen yet. False: the thread has lost its processor already.</summary>
    public bool Renew()
    {
        EndTurn();
        TMemory.FullFence();
        bool keeps = Keep();
        BeginTurn();
        return keeps;
    }
}
