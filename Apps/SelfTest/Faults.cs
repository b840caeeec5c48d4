namespace Troupe.Apps.SelfTest;

/// <summary>Ends the guest badly on purpose, so that tests can look at what a panic prints.</summary>
internal static class Faults
{
    internal static bool Run(string name)
    {
        switch (name)
        {
            case "overflow":
                Console.WriteLine(Recurse(1));
                return false;
            case "abort":
                Environment.FailFast("on purpose");
                return false;
            case "unhandled":
                throw new InvalidOperationException("on purpose");
            case "access":
                System.Runtime.InteropServices.Marshal.WriteInt32(unchecked((nint)0x5000_0000_0000), 1);
                return false;
            case "hang":
                // On one processor; the main thread lives on another and gives the watchdog time to speak.
                new Thread(Troupe.Smp.Host.GuestMachine.HangProcessor) { IsBackground = true }.Start();
                Thread.Sleep(9000);
                return false;
            default:
                Console.WriteLine("there is no such fault: overflow, abort, unhandled, access or hang");
                return false;
        }
    }

    private static int Recurse(int depth)
    {
        Span<int> room = stackalloc int[64];
        room[depth % 64] = depth;
        return Recurse(depth + 1) + room[depth % 63];
    }
}
