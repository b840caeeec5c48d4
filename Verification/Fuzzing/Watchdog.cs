namespace Troupe.Verification.Fuzzing;

/// <summary>Ends the program when one input takes too long, and keeps the input: nothing else can interrupt code that goes round in circles.</summary>
internal sealed class Watchdog
{
    private readonly Action<FuzzTarget, byte[]> _onHang;
    private volatile FuzzTarget? _target;
    private byte[] _input = [];
    private long _since;

    public Watchdog(Action<FuzzTarget, byte[]> onHang)
    {
        _onHang = onHang;
        new Thread(Watch) { IsBackground = true, Name = "watchdog" }.Start();
    }

    /// <summary>An input begins; the array must not change until it is over.</summary>
    public void Begin(FuzzTarget target, byte[] input)
    {
        _input = input;
        Volatile.Write(ref _since, Environment.TickCount64);
        _target = target;
    }

    /// <summary>It is over.</summary>
    public void End() => _target = null;

    private void Watch()
    {
        while (true)
        {
            Thread.Sleep(500);
            if (_target is { } target && Environment.TickCount64 - Volatile.Read(ref _since) > FuzzTarget.LongestTime.TotalMilliseconds)
                _onHang(target, _input);
        }
    }
}
