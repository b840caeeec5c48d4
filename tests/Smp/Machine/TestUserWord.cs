using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Smp.Tests.Machine;

/// <summary>User words are native memory; the page at zero faults.</summary>
public readonly unsafe struct TestUserWord : IUserWord
{
    [ThreadStatic]
    private static Action? _onRead;

    /// <summary>Called by the calling thread's next read.</summary>
    public static void OnNextRead(Action action) => _onRead = action;

    public static bool TryRead(ulong address, out uint value)
    {
        Action? onRead = _onRead;
        _onRead = null;
        onRead?.Invoke();
        value = 0;
        if (address < 4096)
            return false;
        value = Volatile.Read(ref *(uint*)address);
        return true;
    }
}
