using Troupe.Actors;
using Troupe.Core.Machine;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// An actor moves the deadline of its timer while the clock looks at it, which it does because the timer was due earlier once. In the end the clock looks again no later than the
/// timer is due, or there is a turn to come that sees to it.
/// </summary>
/// <param name="dueAt">When the timer is due before that.</param>
/// <param name="moves">Where the actor moves the deadline, one after the other.</param>
/// <typeparam name="TMemory">The memory of the deadline.</typeparam>
/// <typeparam name="TLock">The memory of the clock's lock, which works.</typeparam>
/// <typeparam name="TWorld">The world.</typeparam>
internal sealed class TimerDeadlineProtocol<TMemory, TLock, TWorld>(long dueAt, params long[] moves) : Protocol
    where TMemory : struct, IMemory
    where TLock : struct, IMemory
    where TWorld : struct, IWorld
{
    private const long Now = 10;

    private readonly State _state = new(dueAt);

    public override Action[] Processors => [Move, Look];

    public override void Check()
    {
        // The turn that the clock asked for: it looks whether the timer is due, and if not tells the clock.
        if (_state.IsTurnToCome && _state.Deadline.DueAt > Now) MoveTo(_state.Deadline.DueAt);
        if (_state.IsTurnToCome && _state.Deadline.DueAt <= Now) return;
        Require(_state.LooksAt <= _state.Deadline.DueAt, $"due at {_state.Deadline.DueAt}, and the clock looks at {_state.LooksAt}");
    }

    public override string Outcome() => $"{_state.LooksAt} {_state.IsTurnToCome}";

    private void Move()
    {
        foreach (var move in moves) MoveTo(move);
    }

    private void MoveTo(long time)
    {
        if (!_state.Deadline.MoveTo(time)) return;
        _state.Lock.Acquire();
        _state.LooksAt = Math.Min(_state.LooksAt, time);
        _state.Deadline.ArmFor(time);
        _state.Lock.Release();
    }

    private void Look()
    {
        _state.Lock.Acquire();
        _state.LooksAt = TimerDeadline<TMemory>.Never;
        _state.IsTurnToCome = _state.Deadline.Look(Now, out var next);
        if (!_state.IsTurnToCome) _state.LooksAt = next;
        _state.Lock.Release();
    }

    private sealed class State
    {
        public SpinLock<TLock, TWorld> Lock;
        public TimerDeadline<TMemory> Deadline = new();
        public long LooksAt = Now;
        public bool IsTurnToCome;

        public State(long dueAt)
        {
            Deadline.ArmFor(Now);
            Deadline.MoveTo(dueAt);
        }
    }
}
