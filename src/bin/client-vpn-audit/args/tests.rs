use clap::CommandFactory;
use client_vpn_audit::invocation::settings::Values;

use super::*;

/// Returns the helps of the flag in all commands.
fn helps(flag: &str) -> Vec<String> {
    let commands = Args::command();
    let arguments = commands.get_subcommands().flat_map(|command| command.get_arguments());
    let of_flag = arguments.filter(|argument| argument.get_long() == Some(flag));
    of_flag.filter_map(|argument| argument.get_help().map(ToString::to_string)).collect()
}

#[test]
fn the_help_of_a_flag_names_its_setting_with_default_and_bounds() {
    for setting in SETTINGS {
        let Some(flag) = setting.flag else { continue };
        let env = format!("[env: {}]", setting.name);
        let of_setting: Vec<String> = helps(flag).into_iter().filter(|help| help.contains(&env)).collect();
        assert!(!of_setting.is_empty(), "no command has --{flag} with {env}");
        if let Values::Number { default, least, most } = setting.values {
            for help in of_setting {
                for part in [format!("[default: {default}]"), format!("{least} to {most}")] {
                    assert!(help.contains(&part), "{part} is not in the help of --{flag}: {help}");
                }
            }
        }
    }
}

#[test]
fn a_help_names_no_setting_but_that_of_its_flag() {
    for command in Args::command().get_subcommands() {
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            let named: Vec<&str> =
                help.split("[env: ").skip(1).filter_map(|rest| rest.split(']').next()).collect();
            let of_flag = |name: &&str| {
                let setting = SETTINGS.iter().find(|setting| setting.name == *name);
                setting.is_some_and(|setting| setting.flag == argument.get_long())
            };
            assert!(named.iter().all(of_flag), "{} --{:?}: {help}", command.get_name(), argument.get_long());
        }
    }
}

#[test]
fn the_flags_are_consistent() {
    Args::command().debug_assert();
}
