namespace Troupe.Analyzers.Tests;

/// <summary>TRP0008 to TRP0012. Each case is a member of an actor.</summary>
public sealed class BehaviourTests
{
    private const string Surroundings = """
        public readonly record struct Message(int Number);
        public static class Shared
        {
            public static int Counter;
            public static readonly int[] Table = [1];
            public static readonly List<int> Names = [];
            public static readonly ConcurrentDictionary<int, int> Cache = new();
            public static readonly ImmutableArray<int> Primes = [2, 3];
            public static readonly FrozenSet<int> Set = FrozenSet<int>.Empty;
            public static readonly Func<int, int> Twice = static x => 2 * x;
            public static readonly Options Default = new();
            public static readonly Counter Counting = new();
            public static int Limit { get; set; }
            public static int Fixed { get; } = 3;
            public static int Computed => 3;
            public const int Most = 4;
            public static ReadOnlySpan<byte> Bytes => [1, 2];
        }
        public sealed class Options { public int Size { get; init; } }
        public sealed class Counter { public int Value; }
        public sealed class Device { public event Action? Interrupt; public void Raise() => Interrupt?.Invoke(); }
        public interface IUnit { void Register(Action action); }
        """;

    private static string Actor(string member) => $$"""
        public sealed class Subject(Device device, SemaphoreSlim semaphore) : Actor<Message>
        {
            private readonly object _gate = new();
            private readonly Lock _lock = new();
            private int _count;
            private event Action? Own;
            private Task<int> WorkAsync() => Task.FromResult(_count);
            protected override ValueTask ReceiveAsync(Message message) { device.Raise(); semaphore.Release(); Own?.Invoke(); GC.KeepAlive(_gate); GC.KeepAlive(_lock); return default; }
            {{member}}
        }
        """;

    [Theory]
    [InlineData("void F() => [|WorkAsync().Wait()|];")]
    [InlineData("int F() => [|WorkAsync().Result|];")]
    [InlineData("int F() => [|WorkAsync().GetAwaiter().GetResult()|];")]
    [InlineData("int F() => [|WorkAsync().ConfigureAwait(true).GetAwaiter().GetResult()|];")]
    [InlineData("int F(ValueTask<int> task) => [|task.Result|];")]
    [InlineData("int F(ValueTask<int> task) => [|task.GetAwaiter().GetResult()|];")]
    [InlineData("void F(Task a, Task b) => [|Task.WaitAll(a, b)|];")]
    [InlineData("int F(Task<int> task) { if (task.IsCompleted) Console.WriteLine(); return [|task.Result|]; }")]
    [InlineData("int F(Task<int> task) { if (!task.IsCompleted) Console.WriteLine(); return [|task.Result|]; }")]
    [InlineData("async Task F(Task<int> task) { await task; while (_count > 0) { _count += [|task.Result|]; task = WorkAsync(); } }")]
    [InlineData("async Task<int> F(Task<int> task, Task<int> other) { await other; return [|task.Result|]; }")]
    [InlineData("async Task<int> F(Task<int> task) { await task; task = WorkAsync(); return [|task.Result|]; }")]
    [InlineData("void F() => [|Thread.Sleep(10)|];")]
    [InlineData("void F(Thread thread) => [|thread.Join()|];")]
    [InlineData("void F() { lock ([|_gate|]) _count++; }")]
    [InlineData("void F() { lock ([|_lock|]) _count++; }")]
    [InlineData("void F() { [|Monitor.Enter(_gate)|]; Monitor.Exit(_gate); }")]
    [InlineData("void F() => [|semaphore.Wait()|];")]
    [InlineData("void F(ManualResetEvent signal) => [|signal.WaitOne()|];")]
    [InlineData("void F(ManualResetEventSlim signal) => [|signal.Wait()|];")]
    [InlineData("void F(ReaderWriterLockSlim gate) => [|gate.EnterReadLock()|];")]
    [InlineData("int F(BlockingCollection<int> items) => [|items.Take()|];")]
    [InlineData("string F() => [|File.ReadAllText(\"x\")|];")]
    [InlineData("string? F() => [|Console.ReadLine()|];")]
    [InlineData("int F(System.Net.Sockets.Socket socket, byte[] buffer) => [|socket.Receive(buffer)|];")]
    [InlineData("void F(System.Diagnostics.Process process) => [|process.WaitForExit()|];")]
    [InlineData("void F() { Sleep(); static void Sleep() => [|Thread.Sleep(1)|]; }")]
    [InlineData("Action F() => () => [|Thread.Sleep(1)|];")]
    [InlineData("protected override void Started() => [|Thread.Sleep(1)|];")]
    public Task Blocks(string member) => new Case(Actor(member), "TRP0008", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("async Task<int> F() => await WorkAsync();")]
    [InlineData("async Task F() { await Task.Delay(10); await semaphore.WaitAsync(); }")]
    [InlineData("int F(Task<int> task) => task.IsCompletedSuccessfully ? task.Result : 0;")]
    [InlineData("int F(ValueTask<int> task) { if (!task.IsCompleted) return 0; return task.Result; }")]
    [InlineData("bool F(ValueTask<bool> task) => task.IsCompletedSuccessfully && task.Result;")]
    [InlineData("bool F(ValueTask<bool> task) => !task.IsCompletedSuccessfully || !task.GetAwaiter().GetResult();")]
    [InlineData("async Task<int> F(Task<int> task) { await task; return task.Result; }")]
    [InlineData("async Task<int> F(Task<int> a, Task<int> b) { await Task.WhenAll(a, b); return a.Result + b.Result; }")]
    [InlineData("Task F() => Task.Run(static () => Thread.Sleep(10));")]
    [InlineData("async Task<string> F() => await File.ReadAllTextAsync(\"x\");")]
    [InlineData("int F(MemoryStream stream, byte[] buffer) => stream.Read(buffer, 0, 1);")]
    [InlineData("static void Main2() => Thread.Sleep(1);")]
    [InlineData("private sealed class Helper { public void F() => Thread.Sleep(1); }")]
    [InlineData("} public sealed class NoActor { public void F() { lock (this) Thread.Sleep(1); } ")]
    public Task DoesNotBlock(string member) => new Case(Actor(member), "TRP0008", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("void F() => [|Shared.Counter|]++;")]
    [InlineData("int F() => [|Shared.Counter|];")]
    [InlineData("int F() => [|Shared.Table|][0];")]
    [InlineData("void F() => [|Shared.Names|].Add(1);")]
    [InlineData("void F() => [|Shared.Cache|].TryAdd(1, 1);")]
    [InlineData("int F() => [|Shared.Limit|];")]
    [InlineData("void F() => [|Shared.Counting|].Value++;")]
    [InlineData("private static int _total; void F() => Interlocked.Increment(ref [|_total|]);")]
    [InlineData("private static int _total; static void F() => [|_total|]++;")]
    [InlineData("private static int Total { get; set; } void F() => [|Total|]++;")]
    [InlineData("Func<int> F() => static () => [|Shared.Counter|];")]
    [InlineData("[ThreadStatic] private static int _mine; int F() => [|_mine|];")]
    public Task TouchesMutableStatics(string member) => new Case(Actor(member), "TRP0009", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("int F() => Shared.Primes[0] + Shared.Most + Shared.Fixed + Shared.Computed;")]
    [InlineData("bool F() => Shared.Set.Contains(1);")]
    [InlineData("int F() => Shared.Twice(1) + Shared.Default.Size;")]
    [InlineData("int F() => Shared.Bytes[0];")]
    [InlineData("string F() => nameof(Shared.Counter) + string.Empty;")]
    [InlineData("private static readonly TimeSpan _wait = TimeSpan.FromSeconds(1); TimeSpan F() => _wait;")]
    [InlineData("private static readonly int _size; static Subject() => _size = Shared.Counter; int F() => _size;")]
    [InlineData("private static readonly int _size = Shared.Counter; int F() => _size;")]
    [InlineData("void F() => _count++;")]
    [InlineData("object F() => ArrayPool(); static object ArrayPool() => System.Buffers.ArrayPool<byte>.Shared;")]
    public Task TouchesConstantsOnly(string member) => new Case(Actor(member), "TRP0009", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("Task F() => Task.Run([|() => _count++|]);")]
    [InlineData("Task F() => Task.Run([|async () => { await Task.Yield(); _count++; }|]);")]
    [InlineData("Task F() => Task.Run([|Work|]); void Work() { }")]
    [InlineData("Task F() => Task.Factory.StartNew([|() => _count|]);")]
    [InlineData("void F() => ThreadPool.QueueUserWorkItem([|_ => _count++|]);")]
    [InlineData("void F() => ThreadPool.UnsafeQueueUserWorkItem(static state => { }, [|this|]);")]
    [InlineData("void F() => new Thread([|() => _count++|]).Start();")]
    [InlineData("Timer F() => new Timer([|_ => _count++|], null, 1, 1);")]
    [InlineData("Timer F() => new Timer(static state => { }, [|this|], 1, 1);")]
    [InlineData("ITimer F(TimeProvider time) => time.CreateTimer([|_ => _count++|], null, default, default);")]
    [InlineData("Task F(Task task) => task.ContinueWith([|done => _count++|]);")]
    [InlineData("void F(CancellationToken token) => token.Register([|() => _count++|]);")]
    [InlineData("void F() => device.Interrupt += [|() => _count++|];")]
    [InlineData("void F() => device.Interrupt += [|Work|]; void Work() { }")]
    [InlineData("Task F() { return Task.Run([|Work|]); void Work() => _count++; }")]
    [InlineData("Task F() => Task.Run([|() => device.Raise()|]);")]
    [InlineData("Task F() => Task.Run([|() => Context.Self.Tell(default)|]);")]
    [InlineData("Task F() => Task.Run([|() => { Action inner = () => _count++; inner(); }|]);")]
    public Task LetsStateEscape(string member) => new Case(Actor(member), "TRP0010", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("Task F() { ActorRef<Message> self = Context.Self; return Task.Run(() => self.Tell(new(1))); }")]
    [InlineData("Task<int> F() { int count = _count; return Task.Run(() => count + 1); }")]
    [InlineData("Task F() => Task.Run(static () => { });")]
    [InlineData("void F() => Own += () => _count++;")]
    [InlineData("void F() { Device known = device; known.Interrupt -= Work; } void Work() { }")]
    [InlineData("int F(int[] numbers) => numbers.Count(number => number > _count);")]
    [InlineData("void F() { Act(() => _count++); static void Act(Action action) => action(); }")]
    [InlineData("Task F() { return Task.Run(Work); static void Work() { } }")]
    [InlineData("Timer F() { ActorRef<Message> self = Context.Self; return new Timer(state => self.TryTell(default), null, 1, 1); }")]
    [InlineData("private sealed class Pump { private int _own; public Task F() => Task.Run(() => _own++); }")]
    public Task KeepsStateInside(string member) => new Case(Actor(member), "TRP0010", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("async Task F() => await Task.Delay(1).ConfigureAwait([|false|]);")]
    [InlineData("async Task F(ValueTask task) => await task.ConfigureAwait([|false|]);")]
    [InlineData("async Task<int> F() => await WorkAsync().ConfigureAwait(continueOnCapturedContext: [|false|]);", "named")]
    [InlineData("async Task F() => await Task.Delay(1).ConfigureAwait([|ConfigureAwaitOptions.ForceYielding|]);")]
    [InlineData("async Task F(IAsyncEnumerable<int> items) { await foreach (int x in items.ConfigureAwait([|false|])) _count += x; }")]
    public Task LeavesTheActor(string member, string? shape = null) => new Case(
        Actor(shape is null ? member : member.Replace("continueOnCapturedContext: [|false|]", "[|continueOnCapturedContext: false|]", StringComparison.Ordinal)), "TRP0011", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("async Task F() => await Task.Delay(1);")]
    [InlineData("async Task F() => await Task.Delay(1).ConfigureAwait(true);")]
    [InlineData("async Task F() => await Task.Delay(1).ConfigureAwait(ConfigureAwaitOptions.ContinueOnCapturedContext | ConfigureAwaitOptions.ForceYielding);")]
    [InlineData("} public sealed class NoActor { public async Task F() => await Task.Delay(1).ConfigureAwait(false); ")]
    public Task StaysInTheActor(string member) => new Case(Actor(member), "TRP0011", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("void F() { [|unsafe|] { int x = 1; int* p = &x; *p = 2; } }")]
    [InlineData("[|unsafe|] void F(int* p) => *p = 1;")]
    [InlineData("private [|unsafe|] byte* _p = null;")]
    [InlineData("int F(ref int x) => [|Unsafe.Add(ref x, 1)|];")]
    [InlineData("Span<byte> F(Span<int> x) => [|MemoryMarshal.AsBytes(x)|];")]
    [InlineData("nint F() => [|Marshal.AllocHGlobal(4)|];")]
    [InlineData("[DllImport(\"libc\")] static extern int [|getpid|]();")]
    [InlineData("Span<int> F(List<int> x) => [|CollectionsMarshal.AsSpan(x)|];")]
    [InlineData("} public [|unsafe|] sealed class Other : Actor<int> { protected override ValueTask ReceiveAsync(int message) => default; ")]
    public Task IsUnsafe(string member) => new Case(Actor(member), "TRP0012", Surroundings).VerifyAsync();

    [Theory]
    [InlineData("int F() { Span<byte> buffer = stackalloc byte[4]; return buffer.Length; }")]
    [InlineData("uint F(ReadOnlySpan<byte> x) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(x);")]
    [InlineData("} public sealed class NoActor { public unsafe void F(int* p) => *p = 1; ")]
    public Task IsSafe(string member) => new Case(Actor(member), "TRP0012", Surroundings).VerifyAsync();
}
