using Troupe.Core.Machine.Memory;
using Xunit.Abstractions;
using Shootdown = Troupe.Core.Machine.Memory.TlbShootdown<Troupe.Core.Memory.ProcessorMemory, Troupe.Core.Tests.Memory.HostedProcessors, Troupe.Core.Tests.Memory.HostedTranslation>;

namespace Troupe.Core.Tests.Memory;

/// <summary>
/// Threads as processors, each with a translation cache that forgets only what shootdowns name. Every page holds its own address or
/// zero; a frame that is reused while some processor still reaches it shows as another page's address.
/// </summary>
[Collection("physical memory")]
public sealed unsafe class AddressSpaceStressTests(ITestOutputHelper output)
{
    private const ulong Page = PageSize.Small;
    private const MemoryProtection ReadWrite = MemoryProtection.Read | MemoryProtection.Write;

    private static Shootdown* _shootdown;

    [Fact]
    public void ProcessorsThatMapTouchAndUnmapNeverSeeEachOthersFrames()
    {
        int seed = Seed.Next(output).Next();
        using var host = new HostedAddressSpace(megabytes: 64);
        _shootdown = host.Shootdown;
        HostedProcessors.OnPause = &Answer;
        ulong shared = host.Map(256 * Page, ReadWrite);
        host.Shootdown->EnterIdle();

        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var threads = new Thread[4];
        for (int i = 0; i < threads.Length; i++)
        {
            int me = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    HostedProcessors.Current = me;
                    host.Shootdown->EnterRunning();
                    Run(host, new Random(seed + me), shared, failures);
                }
                catch (Exception error)
                {
                    failures.Enqueue(error.ToString());
                }
                finally
                {
                    host.Shootdown->EnterIdle();
                }
            });
        }

        foreach (Thread thread in threads)
            thread.Start();
        bool ended = threads.All(thread => thread.Join(TimeSpan.FromSeconds(120)));
        HostedProcessors.OnPause = null;
        Assert.True(ended);
        Assert.Empty(failures);
        host.Shootdown->EnterRunning();
        host.Unmap(shared, 256 * Page);
        host.CheckAccounts();
        Assert.Equal(0, host.Space->ResidentFrames);
        output.WriteLine($"{host.Shootdown->Requests} shootdowns, {host.Shootdown->Interrupts} interrupts");
    }

    private static void Answer(int processor) => _shootdown->Answer();

    private static void Run(HostedAddressSpace host, Random random, ulong shared, System.Collections.Concurrent.ConcurrentQueue<string> failures)
    {
        for (int step = 0; step < 1500 && failures.IsEmpty; step++)
        {
            host.Shootdown->Answer();
            ulong page = shared + ((ulong)random.Next(256) * Page);
            switch (random.Next(20))
            {
                case 0:
                    host.DontNeed(page, Math.Min(4 * Page, shared + (256 * Page) - page));
                    break;
                case 1:
                    Assert.Equal(MemoryStatus.Done, host.Protect(page, Page, random.Next(2) == 0 ? MemoryProtection.None : MemoryProtection.Read));
                    break;
                case 2:
                    Assert.Equal(MemoryStatus.Done, host.Protect(shared, 256 * Page, ReadWrite));
                    break;
                case 3:
                    host.Map(Page, ReadWrite, MapFlags.Fixed, page);
                    break;
                case 4:
                    ulong length = (ulong)random.Next(1, 60) * Page;
                    ulong mine = host.Map(length, ReadWrite, random.Next(3) == 0 ? MapFlags.Stack : MapFlags.None);
                    for (ulong at = mine; at < mine + length; at += Page)
                        Touch(host, at, true, failures, mustSucceed: true);
                    host.Unmap(mine, length);
                    break;
                case 5:
                    host.Shootdown->EnterIdle();
                    Thread.Yield();
                    host.Shootdown->EnterRunning();
                    break;
                default:
                    Touch(host, page, random.Next(2) == 0, failures, mustSucceed: false);
                    break;
            }
        }
    }

    private static void Touch(HostedAddressSpace host, ulong page, bool write, System.Collections.Concurrent.ConcurrentQueue<string> failures, bool mustSucceed)
    {
        FaultResult result = host.Access(page, write ? MemoryAccess.Write : MemoryAccess.Read, out byte* memory);
        if (result != FaultResult.Handled)
        {
            if (mustSucceed || result != FaultResult.ProtectionViolation)
                failures.Enqueue($"{page:x}: {result}");
            return;
        }

        // One instruction: no shootdown is answered between translation and access.
        ulong value = write ? Interlocked.Exchange(ref *(ulong*)memory, page) : Volatile.Read(ref *(ulong*)memory);
        if (value != 0 && value != page)
            failures.Enqueue($"{page:x} holds {value:x}");
    }
}
