using Troupe.Smp.Kernel.Waiting;

namespace Troupe.Smp.Tests.Machine;

/// <summary>User words are native memory; the page at zero faults.</summary>
public readonly unsafe struct TestUserWord : IUserWord
{
    public static bool TryRead(ulong address, out uint value)
    {
        value = 0;
        if (address < 4096)
            return false;
        value = Volatile.Read(ref *(uint*)address);
        return true;
    }
}
