using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Troupe.Apps.Hosting.Web;

/// <summary>
/// Names the generic services that every web application asks for, so that they are compiled ahead. The container would close their
/// open definitions by reflection, which builds a thousand types at run time: half of the instructions up to the first request.
/// </summary>
internal static class ClosedServices
{
    public static void AddTo(IServiceCollection services)
    {
        AddOptions<ConsoleLifetimeOptions>(services);
        AddOptions<FormOptions>(services);
        AddOptions<HostFilteringOptions>(services);
        AddOptions<HostOptions>(services);
        AddOptions<KestrelServerOptions>(services);
        AddOptions<LoggerFactoryOptions>(services);
        AddOptions<LoggerFilterOptions>(services);
        AddOptions<MetricsOptions>(services);
        AddOptions<RouteHandlerOptions>(services);
        AddOptions<RouteOptions>(services);
    }

    /// <summary>What the open registrations of AddOptions say (Microsoft.Extensions.Options), for one type.</summary>
    private static void AddOptions<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions>(IServiceCollection services)
        where TOptions : class
    {
        services.AddTransient<IOptionsFactory<TOptions>>(static provider => new OptionsFactory<TOptions>(
            provider.GetServices<IConfigureOptions<TOptions>>(),
            provider.GetServices<IPostConfigureOptions<TOptions>>(),
            provider.GetServices<IValidateOptions<TOptions>>()));
        services.AddSingleton<IOptionsMonitorCache<TOptions>>(static _ => new OptionsCache<TOptions>());
        services.AddSingleton<IOptionsMonitor<TOptions>>(static provider => new OptionsMonitor<TOptions>(
            provider.GetRequiredService<IOptionsFactory<TOptions>>(),
            provider.GetServices<IOptionsChangeTokenSource<TOptions>>(),
            provider.GetRequiredService<IOptionsMonitorCache<TOptions>>()));
        services.AddSingleton<IOptions<TOptions>>(static provider => new OptionsManager<TOptions>(provider.GetRequiredService<IOptionsFactory<TOptions>>()));
    }
}
