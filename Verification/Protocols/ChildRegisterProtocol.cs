using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// Children are spawned and end while their parent stops. Every child that was let in is told to stop, the parent learns of the last
/// one's end exactly once, and no child outlives it.
/// </summary>
internal sealed class ChildRegisterProtocol<TMemory, TWorld>(int spawners, bool closes = true) : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private readonly ChildRegister<Child, TMemory> _register = new();
    private readonly object _gate = new();
    private int _alive;
    private int _ends;

    public override Action[] Processors => [Stop, .. Enumerable.Repeat(Spawn, spawners)];

    public override void Check()
    {
        Require(_alive == 0, "a child outlives its parent");
        Require(_ends == 1, "the parent learns of its children's end not once");
    }

    private void Spawn()
    {
        var child = new Child();
        if (!_register.TryAdd(child)) return;
        bool told;
        lock (_gate)
        {
            _alive++;
            child.IsIn = true;
            told = child.IsTold;
        }

        if (told) End(child);
    }

    private void Stop()
    {
        Child[] children = closes ? _register.Close() : _register.Snapshot();
        if (children.Length == 0) Ended();
        foreach (Child child in children)
        {
            bool isIn;
            lock (_gate)
            {
                child.IsTold = true;
                isIn = child.IsIn;
            }

            if (isIn) End(child);
        }
    }

    private void End(Child child)
    {
        lock (_gate)
        {
            if (child.HasEnded) return;
            child.HasEnded = true;
            _alive--;
        }

        if (_register.Remove(child)) Ended();
    }

    private void Ended()
    {
        lock (_gate) _ends++;
    }

    private sealed class Child : ISibling<Child>
    {
        private Child? _previous;
        private Child? _next;

        public bool IsIn { get; set; }

        public bool IsTold { get; set; }

        public bool HasEnded { get; set; }

        ref Child? ISibling<Child>.PreviousSibling => ref _previous;

        ref Child? ISibling<Child>.NextSibling => ref _next;

        void ISibling<Child>.PushOnto(ref Child? newest)
        {
            Child? seen;
            do
            {
                seen = TMemory.LoadAcquire(ref newest);
                _next = seen;
            }
            while (TMemory.CompareExchange(ref newest, this, seen) != seen);
        }
    }
}
