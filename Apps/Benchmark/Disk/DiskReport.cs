using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Apps.Hosting.Web;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Benchmark.Disk;

/// <summary>Loads the guest's first disk for <c>./troupe bench io</c>.</summary>
internal sealed class DiskReport(WebUnikernel app)
{
    private static readonly TimeSpan _slack = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _one = new(1);
    private ActorRef<DeviceLoadMessage>? _load;

    /// <summary>GET /disk?do=Read&amp;order=random&amp;length=4096&amp;depth=1&amp;seconds=2: how many requests that were, and how long they took.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        if (DiskWork.From(context.Request.Query) is not { } work)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, "GET /disk?do=Read|Write|Flush&order=random|sequential&length=N&depth=N&seconds=N; a flush has a depth of 1.\n");
            return;
        }

        await _one.WaitAsync(context.RequestAborted);
        try
        {
            DiskResult result = Machine.IsImage ? await AskAsync(work) : await Task.Run(() => LinuxLoad.Run(work, app.Actors.Time));
            await context.Response.WriteAsync(result.ToString());
        }
        catch (Exception failure) when (failure is IOException or AskFailedException or InvalidOperationException)
        {
            await RefuseAsync(context, StatusCodes.Status500InternalServerError, $"{(failure.InnerException ?? failure).Message}\n");
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<DiskResult> AskAsync(DiskWork work)
    {
        if (_load is null)
        {
            ImmutableArray<ActorRef<BlockDeviceMessage>> disks = await app.GetBlockDevicesAsync();
            _load = app.Actors.Spawn(new DeviceLoad(disks.IsEmpty ? throw new InvalidOperationException("There is no disk.") : disks[0]), "disk load");
        }

        return await _load.AskAsync<DiskResult>(reply => new(work, reply), work.Time + _slack);
    }

    private static Task RefuseAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsync(text);
    }
}
